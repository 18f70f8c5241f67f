import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rotateLog, rotationFrom } from "../../core/disk/event-log.ts";
import type { Host } from "../../core/host.ts";

/** So many deaths keep their forensics: some twenty megabytes. */
const MOST_FORENSICS = 1000;

/**
 * Keeps the logs of deaths within their bounds: exits.log is rotated when it is full, and of the forensics the oldest go. The hook and
 * the recorders only append. What does not work is a warning: it is no reason not to launch.
 */
export function tidyLogs({ layout, env, tell }: Host): void {
  try {
    rotateLog({ path: layout.exitsLog, rotation: rotationFrom(env) });
    for (const name of oldestOf(layout.deathsFolder)) rmSync(join(layout.deathsFolder, name), { force: true });
  } catch (error) {
    tell.warn((error as Error).message);
  }
}

/** Names end in the time, and are of one length after the identity's. */
function oldestOf(folder: string): string[] {
  const timeOf = (name: string) => name.slice(name.lastIndexOf("-") + 1);
  const names = namesIn(folder).filter((name) => name.endsWith(".txt"));
  return names.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(0, Math.max(0, names.length - MOST_FORENSICS));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nobody has died yet.
    return [];
  }
}
