import { readHostName } from "../../core/host.ts";
import { parseIdentity } from "../../model/names.ts";
import { DIRECTIVES, judgeDirective, renderDirective } from "../../launch/sleep/sleep.ts";
import { chooseAuthor, identifySender, type Sender } from "../../launch/sender.ts";
import type { DeliveryState, Recipient } from "../../launch/send/types.ts";
import { messageInvalid, parseMessage } from "../../model/message.ts";
import { parseParty, renderParty, renderSender } from "../../model/party.ts";
import { readRegistry } from "../../registry/registry.ts";
import { usage } from "../strict.ts";
import type { Context } from "../../app/app.ts";
import { parseDuration } from "../duration.ts";
import { RUNTIME_OPTION } from "../identity-option.ts";
import { readMessageFile } from "../send/message-input.ts";
import { chooseRecipient, readOrchestrators } from "../../app/send/recipient.ts";
import { type Order, runSending, type Sending, type Sent } from "../../app/send/sending.ts";
import { defineVerb, type Verb } from "../verb.ts";

interface SendJson {
  readonly to: string;
  /** Another host, as the fleet calls it. */
  readonly host?: string;
  readonly from: string;
  readonly sender: "peer" | "person";
  readonly state: DeliveryState;
  /** Of a message whose host told. */
  readonly bytes?: number;
  readonly directive?: "sleep";
  /** Left out where it cannot be told. */
  readonly effect?: "sleep" | "none";
}

const GRACE = "10s";
const MOST_GRACE_MS = 3_600_000;

export const send: Verb = defineVerb({
  meta: { name: "send", description: "send a message to a live peer, on this host or another of the fleet" },
  details: "It is pasted into the agent's own pane and submitted, with a head that says who sent it; to another host over ssh.",
  args: {
    personality: { type: "positional", description: "whom it is for", completes: "peers" },
    message: { type: "string", alias: "m", valueHint: "text", description: "the message", mayBeEmpty: true },
    file: { type: "string", valueHint: "f", description: "a file that holds it; - is stdin", completes: "files" },
    runtime: RUNTIME_OPTION,
    from: {
      type: "string",
      valueHint: "p",
      description: "the peer in whose name a person sends, or HOST:NAME",
      completes: "peers",
    },
    verify: {
      type: "boolean",
      description: "look whether the peer takes it, for up to 5 s; exit 1 when not, or when it cannot be told",
    },
    directive: {
      type: "enum",
      valueHint: "d",
      description: "an order to the agent, by a person or the orchestrator",
      options: [...DIRECTIVES],
    },
    grace: {
      type: "string",
      valueHint: "t",
      description: `how long the agent has before it is put to sleep (default: ${GRACE})`,
    },
    socket: { type: "string", valueHint: "s", description: "only if it is on this tmux server: a name (tmux -L) or a path" },
  },
  examples: [
    { command: 'iapeer send alice -m "the build is green"', note: "type to her from anywhere" },
    { command: "git diff | iapeer send alice --file - --verify", note: "what a command prints, and see that she takes it" },
    { command: "iapeer send alice --directive sleep --grace 30s", note: "ask her to put her work away, then stop her" },
  ],
  run: async ({ positionals, values }, context) => {
    const author = values.from === undefined ? undefined : parseParty(values.from);
    const typed = {
      personality: positionals[0]!,
      runtime: values.runtime,
      socket: values.socket,
      isHandedOn: author !== undefined,
    };
    const recipient = chooseRecipient(send, typed, context);
    const sender = identifySender(context.layout, context.env);
    const from = chooseAuthor(sender, values.from, (name) =>
      readRegistry(context.layout).peers.some(({ personality }) => personality === name),
    );
    const order = planOrder(values, { recipient, sender }, context);
    const text = parseMessage(
      readText(values, recipient.kind === "remote" ? renderParty(from) : renderSender(from, readHostName()), order),
    );
    const sending = { recipient, from, text, verify: values.verify === true, order };
    const sent = await runSending(sending, context);
    report(sending, { sender, sent }, context);
    return sent.status ?? (sent.state === "typed" || sent.state === "unknown" ? 1 : 0);
  },
});

function planOrder(
  values: { directive?: string; grace?: string },
  { recipient, sender }: { recipient: Recipient; sender: Sender },
  context: Context,
): Order | undefined {
  if (values.directive === undefined) {
    if (values.grace !== undefined) throw usage(send, "--grace needs --directive beside it");
    return undefined;
  }
  const graceMs = parseDuration(send, "grace", values.grace ?? GRACE);
  if (graceMs > MOST_GRACE_MS) throw usage(send, "--grace takes an hour at most");
  const orchestrators = sender.kind === "peer" ? readOrchestrators(context) : [];
  return {
    directive: "sleep",
    graceMs,
    authority: judgeDirective(sender, orchestrators, recipient.kind === "local" ? recipient.identity : undefined),
  };
}

function readText(
  { message, file }: { readonly message?: string; readonly file?: string },
  from: string,
  order: Order | undefined,
): string {
  if (message !== undefined && file !== undefined) throw usage(send, "send takes -m or --file, not both");
  // What is no UTF-8 on a command line arrives as that.
  if (message?.includes("\ufffd")) throw messageInvalid("the message is not UTF-8", "send text");
  if (message !== undefined) return message;
  if (file !== undefined) return readMessageFile(file);
  if (order !== undefined) return renderDirective(from, order.authority.isGiven ? order.graceMs : undefined);
  throw usage(send, "send needs a message: -m TEXT or --file F");
}

function report(
  { recipient, from, order }: Sending,
  { sender, sent }: { sender: Sender; sent: Sent },
  { output }: Context,
): void {
  const { state, bytes, effect, why } = sent;
  const isRemote = recipient.kind === "remote";
  const to = isRemote ? recipient.name : parseIdentity(recipient.identity)!.personality;
  if (order?.authority.isGiven === false)
    output.warn(`the directive has no effect, it was sent as a message: ${order.authority.why}`);
  if (why !== undefined)
    output.warn(`the connection to ${isRemote ? recipient.host : to} was lost after the text had gone: ${why}`);
  const json: SendJson = {
    to,
    ...(isRemote && { host: recipient.host }),
    from: renderSender(from, readHostName()),
    sender: sender.kind,
    state,
    ...(bytes !== undefined && { bytes }),
    ...(order !== undefined && { directive: order.directive }),
    ...(effect !== undefined && { effect }),
  };
  const done = why === undefined ? DONE[state] : "it cannot be told whether it got to";
  output.result(
    json,
    () =>
      `${done} ${isRemote ? `${to} on ${recipient.host}` : recipient.identity}${effect === "sleep" ? ", which sleeps now" : ""}`,
  );
}

const DONE = {
  sent: "sent to",
  accepted: "accepted by",
  typed: "typed, but not submitted: it stands in the input of",
  unknown: "sent, but whether it was accepted cannot be told:",
} as const satisfies Record<DeliveryState, string>;
