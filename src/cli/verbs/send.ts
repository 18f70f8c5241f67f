import { closeSync, constants, openSync, readSync } from "node:fs";
import { describeErrno, errnoOf, IapeerError } from "../../core/errors.ts";
import { identifySender, chooseSenderName } from "../../launch/sender.ts";
import { type Delivery, deliver, type DeliveryState } from "../../launch/send/deliver.ts";
import type { Recipient } from "../../launch/send/recipient.ts";
import { decodeMessage, MAX_BYTES, MAX_CHARS, messageInvalid, parseMessage, readHost } from "../../launch/send/text.ts";
import { peersOf } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import { usage } from "../call.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import { launchContext } from "../sessions.ts";
import { defineVerb, type Verb } from "../verb.ts";

interface SendJson extends Delivery {
  readonly to: string;
  readonly from: string;
  readonly sender: "peer" | "person";
}

export const send: Verb = defineVerb({
  name: "send",
  summary: "send a message to a live peer",
  description: "It is pasted into the agent's own pane and submitted, with a head that says who sent it.",
  options: {
    message: { type: "string", short: "m", value: "TEXT", help: "the message", mayBeEmpty: true },
    file: { type: "string", value: "F", help: "a file that holds it; - is stdin", completes: "files" },
    runtime: RUNTIME_OPTION,
    from: { type: "string", value: "P", help: "the peer in whose name a person sends", completes: "peers" },
    verify: { type: "boolean", help: "look whether the peer takes it, for up to 5 s; exit 1 when not, or when it cannot be told" },
  },
  positionals: [{ name: "personality", help: "whom it is for", completes: "peers" }],
  examples: [
    { command: 'iapeer send alice -m "the build is green"', note: "type to her from anywhere" },
    { command: "git diff | iapeer send alice --file - --verify", note: "what a command prints, and see that she takes it" },
  ],
  run: async ({ positionals, values }, context) => {
    const { layout, env, output } = context;
    const { peer, identity } = chooseIdentity(send, { personality: positionals[0]!, runtime: values.runtime }, context);
    const text = parseMessage(readText(values));
    const sender = identifySender(layout, env);
    const from = chooseSenderName(sender, values.from, (name) => peersOf(readRegistry(layout)).some(({ personality }) => personality === name));
    const recipient: Recipient = { kind: "local", identity };
    const message = { route: { host: readHost(), from, to: peer.personality }, text };
    let status: number | undefined;
    const unbroken = async <T>(work: () => Promise<T>) =>
      await withInterruption(async ({ exitStatus }) => {
        const done = await work();
        status ??= exitStatus();
        return done;
      });
    const { state, bytes } = await deliver(message, recipient, { verify: values.verify === true, unbroken, context: launchContext(context) });
    const json: SendJson = { to: peer.personality, from, sender: sender.kind, state, bytes };
    output.result(json, () => `${DONE[state]} ${identity}`);
    return status ?? (state === "typed" || state === "unknown" ? 1 : 0);
  },
});

const DONE = {
  sent: "sent to",
  accepted: "accepted by",
  typed: "typed, but not submitted: it stands in the input of",
  unknown: "sent, but whether it was accepted cannot be told:",
} as const satisfies Record<DeliveryState, string>;

function readText({ message, file }: { readonly message?: string; readonly file?: string }): string {
  if (message !== undefined && file !== undefined) throw usage(send, "send takes -m or --file, not both");
  if (message !== undefined) return message;
  if (file === undefined) throw usage(send, "send needs a message: -m TEXT or --file F");
  return decodeMessage(readBytes(file));
}

/** A file, a pipe or stdin, no further than a message may go. */
function readBytes(file: string): Buffer {
  const fd = file === "-" ? 0 : openMessage(file);
  try {
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    const length = readFully(fd, bytes);
    if (length > MAX_BYTES) throw messageInvalid(`the message has more than ${MAX_CHARS} characters`, "send a file's path, not the file");
    return bytes.subarray(0, length);
  } catch (error) {
    if (error instanceof IapeerError) throw error;
    throw new IapeerError("read-failed", `cannot read ${file === "-" ? "stdin" : file}: ${describeErrno(error)}`, { details: { path: file }, cause: error });
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function openMessage(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw new IapeerError("file-not-found", `there is no file ${file}`, { details: { path: file } });
    throw error;
  }
}

function readFully(fd: number, bytes: Buffer): number {
  let length = 0;
  while (length < bytes.length) {
    try {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    } catch (error) {
      // Another process made stdin non-blocking.
      if (errnoOf(error) !== "EAGAIN") throw error;
      Bun.sleepSync(5);
    }
  }
  return length;
}
