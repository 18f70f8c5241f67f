import { nameOf, prepareSending, sendMessage, toSentJson } from "../../app/send/send.ts";
import type { MessageSource, Sending, SendRequest, Sent } from "../../app/send/types.ts";
import type { DeliveryState } from "../../launch/send/types.ts";
import { DIRECTIVES } from "../../launch/sleep/sleep.ts";
import { isSocketPlace } from "../../model/names.ts";
import { usage } from "../strict.ts";
import { parseDuration } from "../duration.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { IF_INCARNATION, parseIncarnation } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

const GRACE = "10s";
const MOST_GRACE_MS = 3_600_000;

export const send: Verb = defineVerb({
  meta: { name: "send", description: "send a message to a live peer, on this host or another" },
  details:
    "The text is pasted into the agent's own empty prompt, with a head that names the sender. Enter is pressed when it stands " +
    "there alone. Where anything else has the keyboard, nothing is pressed (not-at-prompt, exit 4). To another host of the fleet " +
    "it goes over ssh.",
  args: {
    personality: { type: "positional", description: "the peer that gets it", completes: "peers" },
    message: { type: "string", alias: "m", valueHint: "text", description: "the message", mayBeEmpty: true },
    file: { type: "string", valueHint: "file", description: "a file with the message; - is stdin", completes: "files" },
    runtime: RUNTIME_OPTION,
    from: {
      type: "string",
      valueHint: "peer",
      description: "the peer in whose name a person sends, or HOST:NAME",
      completes: "peers",
    },
    verify: {
      type: "boolean",
      description: "wait up to 5 s until the peer takes it; exit 1 when it does not, or when that cannot be told",
    },
    directive: {
      type: "enum",
      description: "give the agent an order; only a person, the orchestrator or a manager may",
      options: [...DIRECTIVES],
    },
    grace: {
      type: "string",
      valueHint: "duration",
      description: `the time that the agent has before it is put to sleep (default: ${GRACE})`,
    },
    socket: { type: "string", valueHint: "socket", description: "only on this tmux server: a name (tmux -L) or a path" },
    "if-incarnation": IF_INCARNATION,
  },
  examples: [
    { command: 'iapeer send alice -m "the build is green"', note: "type to alice from anywhere" },
    { command: "git diff | iapeer send alice --file - --verify", note: "send the output of a command, and see it taken" },
    { command: "iapeer send alice --directive sleep --grace 30s", note: "let alice put the work away, then stop it" },
  ],
  run: async ({ args }, { app, output }) => {
    const order = parseOrder(args);
    const sending = await prepareSending(app, {
      to: {
        ...parseAsked(args.personality, args.runtime),
        socket: parseSocket(args.socket),
        incarnation: parseIncarnation(send, args["if-incarnation"]),
      },
      from: args.from,
      message: parseSource(args, order),
      verify: args.verify,
      order,
    });
    return await withInterruption(async ({ signal, exitStatus }) => {
      const sent = await sendMessage(app, sending, signal);
      report(sending, sent, output);
      return exitStatus() ?? (sent.state === "typed" || sent.state === "unknown" ? 1 : 0);
    });
  },
});

function parseOrder({ directive, grace }: { directive?: string; grace?: string }): SendRequest["order"] {
  if (directive === undefined) {
    if (grace !== undefined) throw usage(send, "--grace needs --directive beside it");
    return undefined;
  }
  const graceMs = parseDuration(send, "grace", grace ?? GRACE);
  if (graceMs > MOST_GRACE_MS) throw usage(send, "--grace takes an hour at most");
  return { directive: "sleep", graceMs };
}

function parseSource({ message, file }: { message?: string; file?: string }, order: SendRequest["order"]): MessageSource {
  if (message !== undefined && file !== undefined) throw usage(send, "send takes -m or --file, not both");
  if (message !== undefined) return { kind: "text", text: message };
  if (file !== undefined) return { kind: "file", path: file };
  if (order !== undefined) return { kind: "order" };
  throw usage(send, "send needs a message: -m TEXT or --file F");
}

function parseSocket(text: string | undefined): string | undefined {
  if (text === undefined || isSocketPlace(text)) return text;
  throw usage(send, `--socket takes a name, as tmux -L does, or an absolute path, not ${JSON.stringify(text)}`);
}

function report(sending: Sending, sent: Sent, output: Output): void {
  const { recipient } = sending;
  const { state, isQueued, effect, why } = sent;
  const to = nameOf(recipient);
  if (why !== undefined)
    output.warn(
      recipient.kind === "remote" ? `the connection to ${recipient.host} was lost after the text was sent: ${why}` : why,
    );
  const done = why === undefined || recipient.kind === "local" ? DONE[state] : "sent, and not known to have reached";
  const whom = recipient.kind === "remote" ? `${to} on ${recipient.host}` : recipient.identity;
  const more = [
    ...(isQueued ? ["which is at work, and keeps it for later"] : []),
    ...(effect === "sleep" ? ["which sleeps now"] : []),
  ];
  output.result(toSentJson(sending, sent), () => [`${done} ${whom}`, ...more].join(", "));
}

const DONE = {
  sent: "sent to",
  accepted: "accepted by",
  typed: "typed, and not submitted: it stands in the input of",
  unknown: "sent, and not known to be accepted by",
} as const satisfies Record<DeliveryState, string>;
