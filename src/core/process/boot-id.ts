import { readFileSync } from "node:fs";

/** The name of this run of the kernel (random(4), on macOS sysctl(8)); empty when it cannot be told. */
export function readBootId(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return Bun.spawnSync(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], { timeout: 5000 }).stdout.toString().trim();
  } catch {
    return "";
  }
}

/** The seconds since the boot, which no setting of the clock changes (proc(5)); undefined on macOS. */
export function readUptimeSecs(): number | undefined {
  try {
    return Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
  } catch {
    return undefined;
  }
}
