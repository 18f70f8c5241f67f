import { readdirSync } from "node:fs";
import { constants } from "node:os";
import { errnoOf } from "../../model/errors.ts";
import { tryConnect } from "../../core/libc.ts";
import { parseIdentity } from "../../model/names.ts";
import { whyNotSocketFolder } from "../../core/disk/socket-folder.ts";

/** The sockets in a folder, by name; undefined when it cannot be looked at or is not ours alone, empty when it is not there. */
export function listSockets(folder: string): ReadonlySet<string> | undefined {
  if (whyNotSocketFolder(folder) !== undefined) return undefined;
  try {
    return new Set(readdirSync(folder).filter((name) => name.endsWith(".sock")));
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? new Set() : undefined;
  }
}

/** The identities that have a socket in a folder, by name; none where it cannot be looked at. */
export function listSocketIdentities(folder: string): string[] {
  const names = [...(listSockets(folder) ?? [])].map((name) => /^tmux-iap-(.+)\.sock$/.exec(name)?.[1] ?? "");
  return names.filter((name) => parseIdentity(name) !== undefined).toSorted();
}

const NOBODY_THERE: ReadonlySet<number> = new Set([
  constants.errno.ECONNREFUSED,
  constants.errno.ENOENT,
  constants.errno.ENAMETOOLONG,
]);

/** What a look at a socket tells: `pid` is who listens there, 0 when the kernel does not say. */
export type Probe = { readonly liveness: "live"; readonly pid: number } | { readonly liveness: "dead" | "unknown" };

/**
 * Connects and hangs up at once. A refusal, a missing file or a path that no socket can have is dead; a full queue (a server that
 * hangs) or a missing right is unknown. Bun's own connect calls all of these ENOENT.
 */
export function probeSocket(path: string): Probe {
  const answer = tryConnect(path);
  if ("pid" in answer) return { liveness: "live", pid: answer.pid };
  return { liveness: NOBODY_THERE.has(answer.errno) ? "dead" : "unknown" };
}
