import { existsSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { isRunning, readProcess } from "../core/process/processes.ts";
import type { IncarnationPaths } from "../status/incarnation/types.ts";
import script from "./pen.sh" with { type: "text" };

/** The same for sh: the functions take_pen and start_of. They need the variables folder, incarnation and exits_log. */
export const PEN_SCRIPT: string = script;

/** That script as one line of sh, without a single quote, a `!` or a backslash. */
export function renderPenLine(): string {
  return script
    .replaceAll(/^#.*\n/gm, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/;$/, "");
}

/**
 * Takes the pen of an incarnation: of all that may record its end, the process that holds the pen does. A link names the holder, and is
 * made whole or not at all (symlink(2)). A holder that died is succeeded, once, by the next.
 *
 * @returns false when the end is recorded, or another process is at it.
 */
export function takePen({ folder, recorded }: Pick<IncarnationPaths, "folder" | "recorded">): boolean {
  const self = readProcess(process.pid);
  const me = `${process.pid} ${self?.start ?? ""}`;
  let pen = join(folder, "pen");
  for (;;) {
    const holder = takeOrFindHolder(pen, me);
    if (holder === undefined || holder === me) return !existsSync(recorded);
    if (existsSync(recorded) || isHolding(holder)) return false;
    pen = `${pen}.${pidOf(holder)}`;
  }
}

/** Where no link can be made, the record counts for more. */
function takeOrFindHolder(pen: string, me: string): string | undefined {
  try {
    symlinkSync(me, pen);
    return undefined;
  } catch {
    return readHolder(pen);
  }
}

function readHolder(pen: string): string | undefined {
  try {
    return readlinkSync(pen);
  } catch {
    return undefined;
  }
}

function isHolding(holder: string): boolean {
  return isRunning({ pid: Number(pidOf(holder)), start: holder.slice(holder.indexOf(" ") + 1) });
}

function pidOf(holder: string): string {
  return holder.split(" ", 1)[0]!;
}
