import type { SendManyRequest } from "../../app/send-many.ts";
import { nameOf, prepareSending, sendMessage, toSentJson } from "../../app/send/send.ts";
import type { MessageSource, Sending, SendRequest, Sent } from "../../app/send/types.ts";
import type { App } from "../../app/types.ts";
import type { DeliveryState } from "../../launch/send/types.ts";
import { DIRECTIVES } from "../../launch/sleep/sleep.ts";
import { isSocketPlace, parseRuntime } from "../../model/names.ts";
import { usage } from "../strict.ts";
import { parseDuration } from "../duration.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import { jointStatus } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { ALL_PEERS, CLASS_OF_PEERS, IF_INCARNATION, parseIncarnation, parseMany } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

const GRACE = "10s";
const MOST_GRACE_MS = 3_600_000;

export const send: Verb = defineVerb({
  meta: { name: "send", description: "send a message to a live peer, on this host or another" },
  details:
    "The text is pasted into the agent's own empty prompt, with a head that names the sender. Enter is pressed when it stands " +
    "there alone. Where anything else has the keyboard, nothing is pressed (not-at-prompt, exit 4). To another host of the fleet " +
    "it goes over ssh. With --all or --class each gets it, except the sender, and the text is the only argument.",
  args: {
    personality: { type: "positional", description: "the peer that gets it", required: false, completes: "peers" },
    text: { type: "positional", description: "the message, in quotes; after -- it may begin with a dash", required: false },
    message: { type: "string", alias: "m", valueHint: "text", description: "the message", mayBeEmpty: true },
    file: { type: "string", valueHint: "file", description: "a file with the message; - is stdin", completes: "files" },
    all: ALL_PEERS,
    class: CLASS_OF_PEERS,
    runtime: RUNTIME_OPTION,
    from: {
      type: "string",
      valueHint: "peer",
      description: "the peer in whose name a person sends, or HOST:NAME",
      completes: "peers",
    },
    verify: {
      type: "boolean",
      description: "wait up to 5 s until the peer takes it; exit 1 when that is not certain",
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
    { command: 'iapeer send alice "the build is green"', note: "type to alice from anywhere" },
    { command: 'iapeer send --class tester -m "the build is green"', note: "one message for every tester of the fleet" },
    { command: "git diff | iapeer send alice --file - --verify", note: "send the output of a command, and see it taken" },
    { command: "iapeer send alice --directive sleep --grace 30s", note: "let alice put the work away, then stop it" },
  ],
  run: async ({ args }, { app, output }) => {
    const many = parseMany(send, args);
    if (many !== undefined) return await sendAll(app, { choice: many, ...parseForMany(args) }, output);
    if (args.personality === undefined) throw usage(send, "send needs a <personality>, --all or --class");
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
      warnOfLoss(sending, sent, output);
      output.result(toSentJson(sending, sent), () => render(sending, sent));
      return exitStatus() ?? (isDelivered(sent) ? 0 : 1);
    });
  },
});

/** The options that are about one session. */
const FOR_ONE = ["directive", "grace", "socket", "if-incarnation"] as const;

interface ManyValues extends TextValues {
  readonly personality?: string;
  readonly runtime?: string;
  readonly from?: string;
  readonly verify: boolean;
  readonly directive?: string;
  readonly grace?: string;
  readonly socket?: string;
  readonly "if-incarnation"?: string;
}

/** Reads a call for many, whose first word is the text. */
function parseForMany({ personality, text, ...values }: ManyValues): Omit<SendManyRequest, "choice"> {
  if (text !== undefined) throw usage(send, "send takes a <personality>, --all or --class, and one of them only");
  const forOne = FOR_ONE.find((name) => values[name] !== undefined);
  if (forOne !== undefined) throw usage(send, `--${forOne} is for one peer, not for --all or --class`);
  const { runtime, from, verify, message, file } = values;
  return {
    runtime: runtime === undefined ? undefined : parseRuntime(runtime),
    from,
    verify,
    message: parseText({ text: personality, message, file }) ?? refuseNoText(),
  };
}

async function sendAll(app: App, request: SendManyRequest, output: Output): Promise<number> {
  // Most calls are for one peer, and shall not load this.
  const { sendToMany, toSentRowJson } = await import("../../app/send-many.ts");
  return await withInterruption(async ({ signal, exitStatus }) => {
    const ends = await sendToMany(app, request, signal);
    for (const end of ends) if ("value" in end) warnOfLoss(end.value.sending, end.value.sent, output);
    output.result(ends.map(toSentRowJson), () =>
      ends.flatMap((end) => ("value" in end ? [render(end.value.sending, end.value.sent)] : [])).join("\n"),
    );
    if (ends.length === 0 && !output.isJson) output.note("there is nobody else to send it to");
    const errors = ends.map((end) => ("error" in end ? end.error : undefined));
    errors.forEach((error) => error && output.error(error));
    const isLost = ends.some((end) => "value" in end && !isDelivered(end.value.sent));
    return exitStatus() ?? (isLost ? 1 : jointStatus(errors));
  });
}

function isDelivered({ state }: Sent): boolean {
  return state !== "typed" && state !== "unknown";
}

function parseOrder({ directive, grace }: { directive?: string; grace?: string }): SendRequest["order"] {
  if (directive === undefined) {
    if (grace !== undefined) throw usage(send, "--grace needs --directive beside it");
    return undefined;
  }
  const graceMs = parseDuration(send, "grace", grace ?? GRACE);
  if (graceMs > MOST_GRACE_MS) throw usage(send, "--grace takes an hour at most");
  return { directive: "sleep", graceMs };
}

interface TextValues {
  readonly text?: string | undefined;
  readonly message?: string | undefined;
  readonly file?: string | undefined;
}

function parseSource(values: TextValues, order: SendRequest["order"]): MessageSource {
  return parseText(values) ?? (order === undefined ? refuseNoText() : { kind: "order" });
}

/** The text that is given in one of three ways; undefined where there is none. */
function parseText({ text, message, file }: TextValues): SendManyRequest["message"] | undefined {
  const given = [text, message, file].filter((one) => one !== undefined);
  if (given.length > 1) throw usage(send, "send takes a <text>, -m or --file, and one of them only");
  if (file !== undefined) return { kind: "file", path: file };
  return given[0] === undefined ? undefined : { kind: "text", text: given[0] };
}

function refuseNoText(): never {
  throw usage(send, "send needs a message: a <text>, -m TEXT or --file F");
}

function parseSocket(text: string | undefined): string | undefined {
  if (text === undefined || isSocketPlace(text)) return text;
  throw usage(send, `--socket takes a name, as tmux -L does, or an absolute path, not ${JSON.stringify(text)}`);
}

function warnOfLoss({ recipient }: Sending, { why }: Sent, output: Output): void {
  if (why === undefined) return;
  output.warn(recipient.kind === "remote" ? `the connection to ${recipient.host} was lost after the text was sent: ${why}` : why);
}

function render({ recipient }: Sending, { state, isQueued, effect, why }: Sent): string {
  const done = why === undefined || recipient.kind === "local" ? DONE[state] : "sent, and not known to have reached";
  const whom = recipient.kind === "remote" ? `${nameOf(recipient)} on ${recipient.host}` : recipient.identity;
  const more = [
    ...(isQueued ? ["which is at work, and keeps it for later"] : []),
    ...(effect === "sleep" ? ["which sleeps now"] : []),
  ];
  return [`${done} ${whom}`, ...more].join(", ");
}

const DONE = {
  sent: "sent to",
  accepted: "accepted by",
  typed: "typed, and not submitted: it stands in the input of",
  unknown: "sent, and not known to be accepted by",
} as const satisfies Record<DeliveryState, string>;
