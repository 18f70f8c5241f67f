import { statSync } from "node:fs";

/** How old a provider's heartbeat file is, in whole seconds and never negative; undefined when it is not there. */
export function heartbeatAgeSecs(path: string, now: Date): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : Math.max(0, Math.floor((now.getTime() - found.mtimeMs) / 1000));
}
