import { statSync } from "node:fs";

/** How old a provider's heartbeat file is, in whole seconds and never negative; undefined when it is not there to be seen. */
export function heartbeatAgeSecs(path: string, now: Date): number | undefined {
  try {
    return Math.max(0, Math.floor((now.getTime() - statSync(path).mtimeMs) / 1000));
  } catch {
    // Missing, or the provider named a path that cannot be one: no heartbeat either way.
    return undefined;
  }
}
