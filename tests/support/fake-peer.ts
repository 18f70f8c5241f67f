import { join } from "node:path";
import { isRunning, readProcess } from "../../src/core/processes.ts";
import { signalProcess } from "../../src/core/signals.ts";
import { ok } from "./calls.ts";
import { type Sandbox, until } from "./sandbox.ts";

export interface FakePeer extends AsyncDisposable {
  /** `fake-<personality>` */
  readonly identity: string;
  readonly serverPid: number;
}

/** Registers a peer of a runtime "fake", whose program just waits, and launches it; the end stops it. */
export async function launchFake(sandbox: Sandbox, personality: string): Promise<FakePeer> {
  sandbox.write(join(sandbox.root, "runtimes/fake/runtime.json"), JSON.stringify({ command: "/bin/sh", args: ["-c", "sleep 300"] }));
  await ok(sandbox, "add", personality, "--runtime", "fake", "--no-provision");
  const { server_pid: serverPid } = await sandbox.json("launch", personality);
  return { identity: `fake-${personality}`, serverPid, [Symbol.asyncDispose]: async () => void (await sandbox.iapeer("stop", personality)) };
}

/** Kills the recorder of a server, and nothing else. */
export async function killCanary(sandbox: Sandbox, { identity }: FakePeer): Promise<void> {
  const rows = (await sandbox.json("canary", "status")) as { identity: string; recorder_pid: number }[];
  const recorder = readProcess(rows.find((row) => row.identity === identity)!.recorder_pid)!;
  signalProcess(recorder, "SIGKILL");
  await until("its recorder is gone", () => !isRunning(recorder));
}
