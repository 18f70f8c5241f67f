import { rotationFrom } from "../core/disk/event-log.ts";
import type { Tell } from "../core/host.ts";
import { type Env, type Layout, layoutFrom } from "../core/layout.ts";
import type { GuardStart } from "../core/process/guard.ts";
import { openTmux } from "../core/tmux.ts";
import type { Runner } from "../core/process/runner.ts";
import type * as SenderRoom from "../launch/sender.ts";
import { readVariable, refuseWrongVariables } from "../core/variables.ts";
import type { App } from "./types.ts";

/** How long a lock is waited for, where IAPEER_LOCK_TIMEOUT_MS does not say. */
const LOCK_TIMEOUT_MS = 30_000;

export interface AppOptions {
  /** The environment of the caller, which says where the root is. */
  readonly env: Env;
  /** Starts this program again, as an argv. */
  readonly self: readonly string[];
  readonly tell: Tell;
}

/**
 * Opens what every use case is given. It reads nothing but the environment handed in, and starts nothing.
 *
 * @throws IapeerError `invalid-value`: a variable of iapeer has a text that is no value; what layoutFrom throws.
 */
export function openApp({ env, self, tell }: AppOptions): App {
  refuseWrongVariables(env);
  const layout = layoutFrom(env);
  const caller = openCaller(layout, env);
  return {
    env,
    layout,
    self,
    tell,
    runner: openRunner({ argv: self, env }),
    log: { path: layout.lifecycleLog, rotation: rotationFrom(env) },
    lockTimeoutMs: readVariable(env, "IAPEER_LOCK_TIMEOUT_MS") ?? LOCK_TIMEOUT_MS,
    now: () => new Date(),
    tmux: openTmux(env),
    caller,
    by: () => renderCaller(caller()),
  };
}

/** Finds the caller once, with the first act that asks: most calls only look. */
function openCaller(layout: Layout, env: Env): () => SenderRoom.Sender {
  let found: SenderRoom.Sender | undefined;
  return () => {
    const { identifySender } = require("../launch/sender.ts") as typeof SenderRoom;
    return (found ??= identifySender(layout, env));
  };
}

/** The caller in the logs: an agent by its identity, a person as `person:NAME`. */
function renderCaller(sender: SenderRoom.Sender): string {
  return sender.kind === "peer" ? sender.identity : `person:${sender.name}`;
}

/** A runner that is loaded with its first command: most calls run none. */
function openRunner(start: GuardStart): Runner {
  let runner: Runner | undefined;
  return {
    run: async (command) => {
      const { createRunner } = await import("../core/process/runner.ts");
      runner ??= createRunner(start);
      return await runner.run(command);
    },
    close: () => runner?.close(),
  };
}

/** The same app, which speaks through other ports where they are given. */
export function withTell(app: App, tell: Partial<Tell>): App {
  return { ...app, tell: { ...app.tell, ...tell } };
}
