import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Tells whether the kernel's log can be read here. It names the processes that were killed for memory. */
export const isKernelLogReadable = process.platform === "linux" && Bun.spawnSync(["dmesg"]).success;

/**
 * A folder of the memory controller (cgroups version 1) below our own, with a limit. It is removed when this process ends.
 * undefined where this machine allows none.
 */
export function openMemoryFolder(limitBytes: number): string | undefined {
  const own = existsSync("/proc/self/cgroup")
    ? /^\d+:(?:.*,)?memory(?:,.*)?:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1]
    : undefined;
  if (own === undefined) return undefined;
  const folder = join("/sys/fs/cgroup/memory", own, `iap-test-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "memory.limit_in_bytes"), String(limitBytes));
    process.on("exit", () => existsSync(folder) && rmdirSync(folder));
    return folder;
  } catch {
    return undefined;
  }
}
