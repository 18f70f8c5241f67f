import { closeSync, openSync } from "node:fs";
import { descriptorError } from "../model/errors.ts";

/** As many as a call of any verb has open at once beside those that it starts with, and some more. */
const NEEDED = 48;

/**
 * Refuses to begin where too few files could be opened: a call that stops half-way may take what it cannot open for what is not there.
 * It tries, because no limit tells how many descriptors were inherited.
 *
 * @throws IapeerError `too-few-descriptors`.
 */
export function refuseFewDescriptors(): void {
  const opened: number[] = [];
  try {
    while (opened.length < NEEDED) opened.push(openSync("/dev/null", "r"));
  } catch (error) {
    const starved = descriptorError(error, `iapeer needs ${NEEDED} file descriptors, and can open ${opened.length} more`);
    if (starved !== undefined) throw starved;
    // Without that device nothing is known, and nothing refused.
  } finally {
    opened.forEach((fd) => closeSync(fd));
  }
}
