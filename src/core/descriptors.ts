import { readdirSync, readFileSync } from "node:fs";
import { refuseStarved, tooFewDescriptors } from "../model/errors.ts";
import { readLimit } from "./libc.ts";

/** As many as a call of any verb has open at once beside those that it starts with, and some more. */
const NEEDED = 48;

/** getrlimit(2) on macOS. */
const RLIMIT_NOFILE = 8;

/**
 * Refuses to begin where too few files could be opened: a call that stops half-way may take what it cannot open for what is not there.
 * Descriptors that were inherited count.
 *
 * @throws IapeerError `too-few-descriptors`.
 */
export function refuseFewDescriptors(): void {
  const open = unlessMissing(() => readdirSync("/dev/fd").length);
  if (open === undefined) return;
  const free = readMostOpen() - open;
  if (free < NEEDED)
    throw tooFewDescriptors(`iapeer needs ${NEEDED} file descriptors, and may open only ${Math.max(0, free)} more`);
}

/** proc(5) has the limit on Linux. To read it costs a call less than to load the C library does. */
function readMostOpen(): number {
  if (process.platform !== "linux") return Number(readLimit(RLIMIT_NOFILE).soft);
  const limits = unlessMissing(() => readFileSync("/proc/self/limits", "utf8")) ?? "";
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

/** fd(4) and proc(5) may not be mounted. */
function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    refuseStarved(error);
    return undefined;
  }
}
