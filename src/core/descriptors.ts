import { readdirSync } from "node:fs";
import { refuseStarved, tooFewDescriptors } from "../model/errors.ts";
import { readLimit } from "./libc.ts";

/** As many as a call of any verb has open at once beside those that it starts with, and some more. */
const NEEDED = 48;

/** getrlimit(2): the number differs between the platforms. */
const RLIMIT_NOFILE = process.platform === "darwin" ? 8 : 7;

/**
 * Refuses to begin where too few files could be opened: a call that stops half-way may take what it cannot open for what is not there.
 * Descriptors that were inherited count.
 *
 * @throws IapeerError `too-few-descriptors`.
 */
export function refuseFewDescriptors(): void {
  const open = countOpen();
  if (open === undefined) return;
  const free = Number(readLimit(RLIMIT_NOFILE).soft) - open;
  if (free < NEEDED)
    throw tooFewDescriptors(`iapeer needs ${NEEDED} file descriptors, and may open only ${Math.max(0, free)} more`);
}

/** fd(4), on Linux a link into proc(5); undefined where there is no such folder. */
function countOpen(): number | undefined {
  try {
    return readdirSync("/dev/fd").length;
  } catch (error) {
    refuseStarved(error);
    return undefined;
  }
}
