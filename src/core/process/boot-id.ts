import { readFileSync } from "node:fs";
import { refuseStarved } from "../../model/errors.ts";

/** The name of this run of the kernel (random(4), on macOS sysctl(8)); empty when it cannot be told. */
export function readBootId(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return Bun.spawnSync(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], { timeout: 5000 }).stdout.toString().trim();
  } catch (error) {
    refuseStarved(error);
    return "";
  }
}

/** The seconds since the boot, which no setting of the clock changes (proc(5)); undefined on macOS. */
export function readUptimeSecs(): number | undefined {
  try {
    return Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
  } catch (error) {
    refuseStarved(error);
    return undefined;
  }
}

/** The kernel counts the start of a process in hundredths of a second, on every platform that iapeer is built for (proc(5), sysconf(3)). */
const TICKS_A_SECOND = 100;

/**
 * The seconds since the start of a process, by the clock of the boot; undefined where that clock or its start cannot be read.
 *
 * @param start as `ProcessId` has it: on Linux in ticks since the boot
 */
export function secsSinceStart(start: string, uptimeSecs: number | undefined): number | undefined {
  if (uptimeSecs === undefined || !/^[0-9]{1,15}$/.test(start)) return undefined;
  return Math.max(0, uptimeSecs - Number(start) / TICKS_A_SECOND);
}
