import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rotateLog, rotationFrom } from "../core/disk/event-log.ts";
import type { Host } from "../core/host.ts";

/** The number of deaths that keep their forensics: some twenty megabytes. */
const MOST_FORENSICS = 1000;

/**
 * Keeps the logs of deaths within their bounds: rotates a full exits.log and removes the oldest forensics. The hook and the recorders
 * only append. A failure is a warning, because it is no reason not to launch.
 */
export function tidyLogs({ layout, env, tell }: Pick<Host, "layout" | "env" | "tell">): void {
  try {
    rotateLog({ path: layout.exitsLog, rotation: rotationFrom(env) });
    for (const name of oldestOf(layout.deathsFolder)) rmSync(join(layout.deathsFolder, name), { force: true });
  } catch (error) {
    tell.warn((error as Error).message);
  }
}

/** The files beyond the limit. Their names end in the time, which has a fixed length. */
function oldestOf(folder: string): string[] {
  const timeOf = (name: string) => name.slice(name.lastIndexOf("-") + 1);
  const names = namesIn(folder).filter((name) => name.endsWith(".txt"));
  return names.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(0, Math.max(0, names.length - MOST_FORENSICS));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // There was no death yet.
    return [];
  }
}
