import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { errnoOf } from "../core/errors.ts";

/** Whether something listens on a socket: asked of the kernel with connect(2), never guessed from a file. */
export type Liveness = "live" | "dead" | "unknown";

const PROBE_MS = 1000;

/** The sockets in a folder, by name; undefined when the folder cannot be looked at, empty when it is not there. */
export function listSockets(folder: string): ReadonlySet<string> | undefined {
  try {
    return new Set(readdirSync(folder).filter((name) => name.endsWith(".sock")));
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? new Set() : undefined;
  }
}

/** Connects and hangs up at once. A refusal or a missing file is dead; a deadline, a full queue or a missing right is unknown. */
export async function probeSocket(path: string): Promise<Liveness> {
  const { promise, resolve } = Promise.withResolvers<Liveness>();
  const socket = connect({ path });
  const timer = setTimeout(() => resolve("unknown"), PROBE_MS);
  socket.once("connect", () => resolve("live"));
  socket.once("error", (error) => {
    const errno = errnoOf(error);
    resolve(errno === "ECONNREFUSED" || errno === "ENOENT" ? "dead" : "unknown");
  });
  const liveness = await promise;
  clearTimeout(timer);
  socket.destroy();
  return liveness;
}
