import { logDecision, readHostName } from "../../core/host.ts";
import { chooseAuthor } from "../../launch/sender.ts";
import { deliver } from "../../launch/send/send.ts";
import type { Message } from "../../launch/send/types.ts";
import type { LocalRecipient, Recipient } from "../../launch/send/types.ts";
import type { RemoteRecipient } from "../../launch/ssh.ts";
import { deliverRemote } from "../../launch/send/send.ts";
import { messageInvalid, parseMessage } from "../../model/message.ts";
import { parseParty, renderParty, renderSender } from "../../model/party.ts";
import { renderDirective } from "../../launch/sleep/sleep.ts";
import { putToSleep } from "../../launch/sleep/sleep.ts";
import { parseIdentity } from "../../model/names.ts";
import { readRegistry } from "../../registry/registry.ts";
import { authorize } from "../authority.ts";
import type { App } from "../types.ts";
import { readMessageFile } from "./message-file.ts";
import { chooseRecipient } from "./recipient.ts";
import type { MessageSource, Order, Sending, SendRequest, Sent, SentJson } from "./types.ts";

/**
 * Makes a message ready: whether an order beside it may be given, its recipient, its author, and last its text, so that a pipe is only read for a
 * message that has somewhere to go. Reading stdin is synchronous: a signal ends it as it ends any program.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `runtime-not-found`, `peer-ambiguous`, `sender-mismatch`, `fleet-state-corrupt`,
 *   `message-invalid`, `file-not-found`, `read-failed`.
 */
export async function prepareSending(app: App, request: SendRequest): Promise<Sending> {
  const { order } = request;
  if (order !== undefined) authorize(app, "send --directive", request.to.personality);
  const isHandedOn = request.from !== undefined && parseParty(request.from) !== undefined;
  const recipient = chooseRecipient(app, request.to, isHandedOn);
  const sender = app.caller();
  const from = chooseAuthor(sender, request.from, (name) =>
    readRegistry(app.layout).peers.some(({ personality }) => personality === name),
  );
  const author = recipient.kind === "remote" ? renderParty(from) : renderSender(from, readHostName());
  const text = parseMessage(readText(request.message, author, order));
  return { recipient, sender, from, text, verify: request.verify, order };
}

/**
 * A source that may be sent many times: a pipe has its text once. The text is checked.
 *
 * @throws IapeerError `message-invalid`, `file-not-found`, `read-failed`.
 */
export function readSource(source: Exclude<MessageSource, { readonly kind: "order" }>): MessageSource {
  const read = source.kind === "file" ? ({ kind: "read", text: readMessageFile(source.path) } as const) : source;
  parseMessage(read.text);
  return read;
}

function readText(source: MessageSource, author: string, order: Order | undefined): string {
  switch (source.kind) {
    case "text":
      // Bytes on a command line that are no UTF-8 arrive as U+FFFD.
      if (source.text.includes("\ufffd")) throw messageInvalid("the message is not UTF-8", "send text");
      return source.text;
    case "read":
      return source.text;
    case "file":
      return readMessageFile(source.path);
    case "order":
      return renderDirective(author, order!.graceMs);
  }
}

/**
 * Sends a message, carries out an order beside it, and notes in lifecycle.log what was ordered. The signal ends it before anything
 * is pasted, is waited with while the message is pasted, and takes an order back for as long as its grace lasts.
 *
 * @throws IapeerError `interrupted`; `not-at-prompt`, `peer-not-live`, `stale-incarnation`, `send-failed`, `stop-failed`, `lock-busy`; what deliverRemote throws.
 */
export async function sendMessage(app: App, sending: Sending, signal: AbortSignal): Promise<Sent> {
  const { recipient, order } = sending;
  // A host whose answer was lost may have obeyed or not.
  if (recipient.kind === "remote") return await sendRemote(app, { ...sending, recipient }, signal);
  const tell = async () => await deliver(messageOf(sending, recipient), recipient, { verify: sending.verify, signal, host: app });
  if (order === undefined) return await tell();
  const sent = await putToSleep(recipient, { graceMs: order.graceMs, tell, signal, host: app });
  noteOrder(app, sending, recipient);
  return { ...sent, effect: "sleep" };
}

async function sendRemote(
  app: App,
  { recipient: to, from, text, verify, order }: Sending & { readonly recipient: RemoteRecipient },
  signal: AbortSignal,
): Promise<Sent> {
  return await deliverRemote({ to, from, verify, sleepMs: order?.graceMs }, text, { runner: app.runner, signal, host: app });
}

function messageOf({ from, text }: Sending, { identity }: LocalRecipient): Message {
  return { route: { from, to: { host: readHostName(), name: parseIdentity(identity)!.personality } }, text };
}

function noteOrder(app: App, { from, order }: Sending, { identity }: LocalRecipient): void {
  const { directive } = order!;
  logDecision(app, { ev: "directive", directive, identity, from: renderSender(from, readHostName()), effect: "sleep" });
}

export function toSentJson({ recipient, sender, from, order }: Sending, { state, isQueued, bytes, effect }: Sent): SentJson {
  return {
    to: nameOf(recipient),
    ...(recipient.kind === "remote" && { host: recipient.host }),
    from: renderSender(from, readHostName()),
    sender: sender.kind,
    state,
    ...(isQueued && { queued_by_agent: true }),
    ...(bytes !== undefined && { bytes }),
    ...(order !== undefined && { directive: order.directive }),
    ...(effect !== undefined && { effect }),
  };
}

/** The recipient's personality. */
export function nameOf(recipient: Recipient): string {
  return recipient.kind === "remote" ? recipient.name : parseIdentity(recipient.identity)!.personality;
}
