import { readFileSync } from "node:fs";
import { layoutFrom } from "../../src/core/layout.ts";
import { parseLogLine } from "../../src/core/text/logfmt.ts";
import type { ProcessId } from "../../src/core/process/process-table.ts";
import type { Witness } from "../../src/launch/recorder/types.ts";
import { ok } from "../support/calls.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { SHARED, startPersonsServer } from "../support/shared-server.ts";
import { launchPeer, prepareSessions, recorderOf, registerBy, type Session, signal, untilGone } from "../support/session.ts";

/** Something that runs in a scene: a session, or an outsider's process. */
export interface Tracked {
  readonly label: string;
  readonly session?: Session;
  readonly processes: readonly ProcessId[];
}

/** A root of its own with the peer bob, live and watched, and whatever else the row adds. */
export interface Scene {
  readonly sandbox: Sandbox;
  readonly bob: Session;
  readonly witness: Witness;
  /** The number of lines about bob's canary in lifecycle.log when the scene was set. */
  readonly canaryLinesBefore: number;
  /** Every root of the scene, its own first. */
  readonly sandboxes: Sandbox[];
  readonly tracked: Tracked[];
  /** Tracks processes under a label: they are reported while they live, and ended with the scene. */
  readonly track: (label: string, ...processes: readonly ProcessId[]) => void;
  /** Registers a peer if it is new, and launches it, tracked as `label`. */
  readonly launch: (
    label: string,
    peer: { readonly personality: string; readonly runtime?: string; readonly sandbox?: Sandbox; readonly isShared?: true },
  ) => Promise<Session>;
  /** Opens one more root like the first. */
  readonly another: () => Sandbox;
  /** Runs the compiled program in the first root, and returns its stdout. Throws when it fails. */
  readonly iapeer: (...args: readonly string[]) => Promise<string>;
}

export interface SceneOptions {
  /** See Row. */
  readonly graceMs?: number;
  readonly isShared?: true;
}

/** Sets a scene: launches bob, watched by the wanted witness. */
export async function openScene(witness: Witness, { graceMs, isShared }: SceneOptions): Promise<Scene> {
  const stage = openStage(graceMs);
  try {
    if (isShared) await openSharedServer(stage);
    const bob = await stage.launch("bob", { personality: "bob", ...(isShared && { isShared }) });
    if (witness === "client" && !isShared) await watchByClient(bob);
    return { ...stage, bob, witness, canaryLinesBefore: readCanaryLines(stage.sandbox).length };
  } catch (error) {
    throw new SceneError(stage, error);
  }
}

/** A scene that could not be set. Its stage holds what there is so far, and has to be cleared. */
export class SceneError extends Error {
  constructor(
    readonly stage: Stage,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export type Stage = Omit<Scene, "bob" | "witness" | "canaryLinesBefore">;

function openStage(graceMs: number | undefined): Stage {
  const open = () => {
    const sandbox = openSandbox();
    prepareSessions(sandbox, graceMs === undefined ? {} : { graceMs });
    return sandbox;
  };
  const first = open();
  const sandboxes = [first];
  const tracked: Tracked[] = [];
  const another = () => {
    const more = open();
    sandboxes.push(more);
    return more;
  };
  const launch: Stage["launch"] = async (label, { personality, runtime = "claude", sandbox = first, isShared }) => {
    await registerBy(sandbox, personality, runtime);
    const session = await launchPeer(sandbox, personality, runtime, isShared ? ["--socket", SHARED] : []);
    tracked.push({ label, session, processes: isShared ? [session.agent] : [session.server, session.agent] });
    return session;
  };
  return {
    sandbox: first,
    sandboxes,
    tracked,
    track: (label, ...processes) => void tracked.push({ label, processes }),
    launch,
    another,
    iapeer: async (...args) => (await ok(first, ...args)).stdout,
  };
}

/** Starts a person's server, and launches amy on it. */
async function openSharedServer({ sandbox, track, launch }: Stage): Promise<void> {
  const { server, mine } = await startPersonsServer(sandbox);
  track("the person's server", server);
  track("the person's session", mine);
  await launch("amy", { personality: "amy", isShared: true });
}

/** Replaces the parent by a client, as supervise does when a recorder was lost. */
async function watchByClient(session: Session): Promise<void> {
  const recorder = recorderOf(session);
  if (recorder === undefined) throw new Error(`${session.identity} was launched without a recorder`);
  signal("KILL", recorder);
  await untilGone(recorder);
  await ok(session.sandbox, "supervise", "--once");
  if (recorderOf(session) === undefined) throw new Error("supervise armed no canary");
}

/** The lines of lifecycle.log about bob's canary, shortened: `armed retrofit client`, `watch-lost`. */
export function readCanaryLines(sandbox: Sandbox): string[] {
  return readLog(layoutFrom(sandbox.env).lifecycleLog)
    .filter(({ ev, identity }) => ev === "canary" && identity === "claude-bob")
    .map(({ state, origin, witness }) => [state, origin, witness].filter((word) => word !== undefined).join(" "));
}

/** Every line of a log, parsed; none when there is no log. A line that cannot be parsed is kept as `unreadable: …`. */
export function readLog(path: string): Readonly<Record<string, string>>[] {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // Nothing was logged yet.
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => parseLogLine(line) ?? { ev: `unreadable: ${line}` });
}
