import { statSync } from "node:fs";
import { IapeerError } from "../../core/errors.ts";
import { identityOf, parseIdentity, parseRuntime } from "../../core/names.ts";
import { stampBeat } from "../../launch/beat-stamp.ts";
import { type Peer, peersOf } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import { pointerPath } from "../../status/incarnation.ts";
import { usage } from "../call.ts";
import type { Context } from "../context.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const heartbeat: Verb = defineVerb({
  name: "heartbeat",
  summary: "note that a peer is alive, for a runtime's own hook",
  description: "Without an argument for the peer of the session it is called in. What cannot be written is a warning.",
  options: { runtime: RUNTIME_OPTION },
  positionals: [{ name: "peer", help: "its name or its identity, as claude-alice", isOptional: true, completes: "peers" }],
  examples: [
    { command: "iapeer heartbeat", note: "in a hook that an agent runs after each turn" },
    { command: "iapeer heartbeat alice --runtime codex", note: "for her, from anywhere" },
  ],
  run: async ({ positionals, values }, context) => {
    const { layout, now, output } = context;
    const identity = positionals[0] === undefined ? ownIdentity(values.runtime, context) : identityFrom(positionals[0], values.runtime, context);
    let isWritten = false;
    try {
      if (identity !== undefined) stampBeat(layout, identity, now());
      isWritten = identity !== undefined;
    } catch (error) {
      if (!(error instanceof IapeerError)) throw error;
      output.warn(`the heartbeat is not written: ${error.message}`);
    }
    output.result({ identity: identity ?? null, written: isWritten }, () => "");
    return 0;
  },
});

/** Of the session that this is called in. The registry is not asked: that is for every turn of an agent. */
function ownIdentity(runtime: string | undefined, { env, layout, output }: Context): string | undefined {
  const named = env["PEER_IDENTITY"] ?? "";
  if (named === "") throw usage(heartbeat, "heartbeat needs a peer: this is no session's process");
  if (runtime !== undefined) throw usage(heartbeat, "--runtime needs a peer beside it");
  if (parseIdentity(named) === undefined) throw usage(heartbeat, `PEER_IDENTITY is not an identity: ${JSON.stringify(named)}`);
  if (statSync(pointerPath(layout, named), { throwIfNoEntry: false }) !== undefined) return named;
  output.warn(`the heartbeat is not written: ${named} was not launched from ${layout.root}`);
  return undefined;
}

/** A peer of that name comes before an identity that looks the same. */
function identityFrom(word: string, runtime: string | undefined, context: Context): string {
  const parsed = runtime === undefined ? parseIdentity(word) : undefined;
  if (parsed !== undefined) {
    const peers = peersOf(readRegistry(context.layout));
    const has = (peer: Peer) => peer.personality === parsed.personality && peer.runtimes.includes(parseRuntime(parsed.runtime));
    if (!peers.some(({ personality }) => personality === word) && peers.some(has)) return identityOf(parsed.runtime, parsed.personality);
  }
  return chooseIdentity(heartbeat, { personality: word, runtime }, context).identity;
}
