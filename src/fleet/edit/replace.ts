import { realpathSync, statSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { ioError, IapeerError } from "../../model/errors.ts";
import { readFleet } from "../file/read.ts";
import type { Surroundings } from "../file/surroundings.ts";

export interface Replacement {
  /** What was read, and what the new text was made from. */
  readonly before: string;
  readonly after: string;
  readonly surroundings: Surroundings;
}

/**
 * Puts an edited text in the place of a fleet file, whole or not at all and with the mode that it had; a link stays a link.
 *
 * @throws IapeerError `fleet-changed` when somebody has written it meanwhile; `write-failed`.
 */
export function replaceFleetFile(path: string, { before, after, surroundings }: Replacement): void {
  if (readFleet(path, surroundings).text !== before) {
    throw new IapeerError("fleet-changed", `${path} was changed by somebody else meanwhile; nothing was written`, {
      hint: "look at it, then run this again",
      details: { path },
    });
  }
  if (after === before) return;
  const real = realPath(path);
  writeAtomically(real.path, after, { mode: real.mode });
}

function realPath(path: string): { readonly path: string; readonly mode: number } {
  try {
    const real = realpathSync(path);
    return { path: real, mode: statSync(real).mode & 0o777 };
  } catch (error) {
    throw ioError("write-failed", "cannot write", path, error);
  }
}
