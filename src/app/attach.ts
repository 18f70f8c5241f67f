import { dirname } from "node:path";
import { type Env } from "../core/layout.ts";
import { refuseInsecureFolder, withoutTmux } from "../core/tmux.ts";
import { notLive, notOurs } from "../launch/refusals.ts";
import { planView } from "../launch/view.ts";
import { observeServer } from "../status/liveness/liveness.ts";
import { type AskedIdentity, chooseIdentity } from "./choose.ts";
import type { App } from "./types.ts";
import { socketPathOf } from "../core/socket-path.ts";

/** The command that shows a session in a terminal. */
export interface TerminalPlan {
  readonly identity: string;
  readonly argv: readonly [tmux: string, ...args: string[]];
  /** The caller's environment, without the variables that keep tmux from running inside another. */
  readonly env: Env;
}

/**
 * Plans the command that takes a peer's session into a terminal.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, `peer-not-live`, `socket-folder-insecure`, `tmux-missing`.
 */
export async function planAttach(app: App, asked: AskedIdentity): Promise<TerminalPlan> {
  const { layout, env, tmux } = app;
  const { identity } = chooseIdentity(app, asked, "attach");
  const state = observeServer(layout, identity);
  if (state.kind !== "ours" && state.kind !== "other") throw notLive(identity, state);
  const socket = state.kind === "ours" ? state.incarnation.socket : socketPathOf(layout, identity);
  refuseInsecureFolder(dirname(socket));
  return { identity, argv: [tmux.path, "-S", socket, "attach-session", "-t", `=${identity}`], env: withoutTmux(env) };
}

/**
 * Plans the command that shows a peer's session in a terminal, and hands no key to it.
 *
 * @throws IapeerError what planAttach throws; `stale-incarnation`: the session there was not launched from this root.
 */
export async function planWatch(app: App, asked: AskedIdentity): Promise<TerminalPlan> {
  const { identity } = chooseIdentity(app, asked, "watch");
  const state = observeServer(app.layout, identity);
  if (state.kind === "other") throw notOurs(app.layout, identity, state.pid);
  if (state.kind !== "ours") throw notLive(identity, state);
  const { incarnation } = state;
  refuseInsecureFolder(dirname(incarnation.socket));
  const view = await planView(incarnation, app.tmux);
  return { identity, argv: [app.tmux.path, "-S", incarnation.socket, ...view], env: withoutTmux(app.env) };
}

/** True once the session that was attached to is over. */
export function hasEnded({ layout }: App, { identity }: TerminalPlan): boolean {
  return observeServer(layout, identity).kind === "gone";
}
