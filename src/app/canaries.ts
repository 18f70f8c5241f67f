import { type Layout } from "../core/layout.ts";
import { armIdentity, dismissIdentity } from "../launch/canary/canary.ts";
import type { CanaryState } from "../launch/canary/types.ts";
import { readCanaryState } from "../launch/canary/canary.ts";
import { renderRecorderFor } from "../launch/recorder/recorder.ts";
import { FOREIGN } from "../launch/canary/canary.ts";
import { renderHookFor } from "../launch/hook/hook.ts";
import type { Incarnation } from "../status/incarnation/types.ts";
import { incarnationPaths, readCurrent } from "../status/incarnation/incarnation.ts";
import { listSocketIdentities } from "../status/liveness/liveness.ts";
import { observeServer } from "../status/liveness/liveness.ts";
import { authorize } from "./authority.ts";
import { type AskedIdentity, chooseIdentity, registeredIdentities } from "./choose.ts";
import type { App } from "./types.ts";
import { socketPathOf } from "../core/socket-path.ts";

/** One live server as `canary status --json` has it (contract 8). */
export interface CanaryRow extends CanaryState {
  readonly identity: string;
  /** null: whether it lives cannot be told. */
  readonly server_pid: number | null;
}

/** Every live server of this root with its canary: those of registered peers, and others that answer in the socket folder. */
export async function listCanaries(app: App): Promise<CanaryRow[]> {
  return readCanaries(app.layout, registeredIdentities(app));
}

/** The same for a caller that has the registered identities. */
export function readCanaries(layout: Layout, registered: readonly string[]): CanaryRow[] {
  const identities = new Set([...registered, ...listSocketIdentities(layout.socketFolder)]);
  return [...identities].map((identity) => readCanary(layout, identity)).filter((row) => row !== undefined);
}

function readCanary(layout: Layout, identity: string): CanaryRow | undefined {
  const state = observeServer(layout, identity);
  const none = { armed: false, witness: null, recorder_pid: null, since: null } as const;
  switch (state.kind) {
    case "gone":
      return undefined;
    case "unknown":
      return { identity, server_pid: null, ...none, reason: "whether it lives cannot be told" };
    case "elsewhere":
      return { identity, server_pid: null, ...none, reason: state.elsewhere.why };
    case "other":
      return { identity, server_pid: state.pid, ...none, reason: FOREIGN };
    case "ours":
    case "unreachable":
    case "hung": {
      const paths = incarnationPaths(layout, identity, state.incarnation.incarnation);
      return { identity, server_pid: state.incarnation.server.pid, ...readCanaryState(paths) };
    }
  }
}

/** The effect of a call on one canary, as `--json` prints it. */
export interface CanaryChange<Action extends string> {
  readonly identity: string;
  readonly action: Action;
}

export interface CanaryRequest extends AskedIdentity {
  /** Only if the session is this incarnation. */
  readonly ifIncarnation?: string | undefined;
}

/**
 * Gives a live server a canary. The signal ends the wait for another process that is at work on it.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `runtime-not-found`, and what armIdentity throws.
 */
export async function armPeer(
  app: App,
  { ifIncarnation: expected, ...asked }: CanaryRequest,
  signal: AbortSignal,
): Promise<CanaryChange<Awaited<ReturnType<typeof armIdentity>>>> {
  authorize(app, "canary arm", asked.personality);
  const { identity } = chooseIdentity(app, asked, "canary arm");
  return { identity, action: await armIdentity({ identity, expected }, app, signal) };
}

/**
 * Takes the canary off a live server: from now on its end is wanted. The signal ends the wait for another process that is at work on it.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `runtime-not-found`, and what dismissIdentity throws.
 */
export async function dismissPeer(
  app: App,
  { ifIncarnation: expected, ...asked }: CanaryRequest,
  signal: AbortSignal,
): Promise<CanaryChange<Awaited<ReturnType<typeof dismissIdentity>>>> {
  authorize(app, "canary dismiss", asked.personality);
  const { identity } = chooseIdentity(app, asked, "canary dismiss");
  return { identity, action: await dismissIdentity({ identity, expected }, app, signal) };
}

/**
 * The script that watches a peer's server through a client; for a peer that is not live it holds no pid.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, `tmux-missing`.
 */
export async function showCanaryScript(app: App, asked: AskedIdentity): Promise<{ identity: string; script: string }> {
  const sample = readSample(app, chooseIdentity(app, asked, "canary script").identity);
  const script = renderRecorderFor(sample, { witness: "client" }, app);
  return { identity: sample.identity, script };
}

/**
 * The tmux hook that a peer's session gets for the death of its agent's pane.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`.
 */
export async function showHook(app: App, asked: AskedIdentity): Promise<{ identity: string; hook: string }> {
  const sample = readSample(app, chooseIdentity(app, asked, "hook pane-died").identity);
  return { identity: sample.identity, hook: renderHookFor(sample, app) };
}

const NO_INCARNATION = "00000000-0000-0000-0000-000000000000";

/** The incarnation that a script or hook is shown for: the current one, else one that no session has. */
function readSample({ layout, now }: App, identity: string): Incarnation {
  const none = {
    version: 1,
    incarnation: NO_INCARNATION,
    identity,
    socket: socketPathOf(layout, identity),
    launched_at: now().toISOString(),
    boot_id: "",
    server: null,
    pane: null,
  } as const;
  return readCurrent(layout, identity) ?? none;
}
