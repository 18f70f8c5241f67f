import { type Layout } from "../../core/layout.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { whyNotSocketFolder } from "../../core/disk/socket-folder.ts";
import { SOCKET_PATH_BYTES } from "../../core/tmux.ts";
import { listIncarnations } from "../../status/incarnation/incarnation.ts";
import { listSocketIdentities, probeSocket } from "../../status/liveness/liveness.ts";
import { failure, good, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";
import { socketPathOf } from "../../core/socket-path.ts";

/** Checks that the servers in the socket folder can be trusted. */
export function checkSocketFolder({ socketFolder }: Layout): Check {
  const why = whyNotSocketFolder(socketFolder);
  if (why === undefined) return good("socket-folder", `${socketFolder} is yours alone`);
  const hint = `look at what is in it, then: chmod 700 ${quoteForSh(socketFolder)}; or set IAPEER_SOCK_DIR to a folder of your own`;
  return failure("socket-folder", `the socket folder ${socketFolder} ${why}: no session is launched or reached`, hint);
}

/** Checks that each identity's socket has a path that the system takes. */
export function checkSocketPaths(layout: Layout, identities: readonly string[]): readonly Check[] {
  const tooLong = identities.filter((identity) => !hasFittingPath(layout, identity));
  if (tooLong.length === 0) return [good("socket-paths", `no socket's path is longer than ${SOCKET_PATH_BYTES} bytes`)];
  const message = `longer than the ${SOCKET_PATH_BYTES} bytes that the system takes are the sockets' paths of: ${tooLong.join(", ")}`;
  return [failure("socket-paths", message, "set IAPEER_SOCK_DIR to a folder with a shorter path")];
}

/** True where the path of this identity's socket is not too long. */
export function hasFittingPath(layout: Layout, identity: string): boolean {
  return Buffer.byteLength(socketPathOf(layout, identity)) <= SOCKET_PATH_BYTES;
}

/** Finds sockets that no process listens on, of identities that are not known. The socket of a registered peer is only asleep. */
export function checkStaleSockets(layout: Layout, identities: readonly string[]): readonly Check[] {
  const known = new Set([...identities, ...listIncarnations(layout).keys()]);
  const stale = listSocketIdentities(layout.socketFolder).filter(
    (identity) => !known.has(identity) && probeSocket(socketPathOf(layout, identity)).liveness === "dead",
  );
  const problems = stale.map((identity) => {
    const path = socketPathOf(layout, identity);
    return warning("stale-sockets", `nobody listens on ${path}, and no peer has it`, `rm ${quoteForSh(path)}`);
  });
  return orGood(problems, "stale-sockets", "no socket is left of a peer that is gone");
}
