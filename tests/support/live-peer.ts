import { parseIdentity } from "../../src/model/names.ts";
import { isRunning } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import type { Sandbox } from "./sandbox.ts";
import { launchPeer, prepareSessions, recorderOf, untilGone } from "./session.ts";

export interface LiveServer extends AsyncDisposable {
  readonly pid: number;
  readonly isRunning: () => boolean;
}

/** A launched session of a registered peer, for tests that are not about sessions. */
export async function startServer(sandbox: Sandbox, identity: string): Promise<LiveServer> {
  prepareSessions(sandbox);
  const { runtime, personality } = parseIdentity(identity)!;
  const session = await launchPeer(sandbox, personality, runtime);
  const { server } = session;
  return {
    pid: server.pid,
    isRunning: () => isRunning(server),
    [Symbol.asyncDispose]: async () => {
      const recorder = recorderOf(session);
      const left = [server, ...(recorder === undefined ? [] : [recorder])];
      left.forEach((one) => signalProcess(one, "SIGKILL"));
      await untilGone(...left);
    },
  };
}
