import { socketPathOf } from "../core/layout.ts";
import { readCurrent } from "../status/incarnation/incarnation.ts";
import type { Incarnation } from "../status/incarnation/types.ts";
import type { Context } from "./app.ts";
import { chooseIdentity, type TypedIdentity } from "../cli/identity-option.ts";
import type { Verb } from "../cli/verb.ts";

const NO_INCARNATION = "00000000-0000-0000-0000-000000000000";

/** The incarnation that something is to be shown for: the current one, else one that nobody has. */
export function readSample(verb: Verb, typed: TypedIdentity, context: Context): Incarnation {
  const { identity } = chooseIdentity(verb, typed, context);
  const { layout, now } = context;
  const none = {
    version: 1,
    incarnation: NO_INCARNATION,
    identity,
    socket: socketPathOf(layout, identity),
    launched_at: now().toISOString(),
  } as const;
  return readCurrent(layout, identity) ?? { ...none, boot_id: "", server: null, pane: null };
}
