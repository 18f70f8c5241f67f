import { logDecision, readHostName } from "../../core/host.ts";
import { chooseAuthor, identifySender, type Sender } from "../../launch/sender.ts";
import { deliver } from "../../launch/send/send.ts";
import type { Message } from "../../launch/send/types.ts";
import type { LocalRecipient, Recipient } from "../../launch/send/types.ts";
import type { RemoteRecipient } from "../../launch/ssh.ts";
import { deliverRemote } from "../../launch/send/send.ts";
import { messageInvalid, parseMessage } from "../../model/message.ts";
import { parseParty, renderParty, renderSender } from "../../model/party.ts";
import { judgeDirective, renderDirective } from "../../launch/sleep/sleep.ts";
import { putToSleep } from "../../launch/sleep/sleep.ts";
import { parseIdentity } from "../../model/names.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { App } from "../types.ts";
import { readMessageFile } from "./message-file.ts";
import { chooseRecipient, readOrchestrators } from "./recipient.ts";
import type { MessageSource, Order, Sending, SendRequest, Sent, SentJson } from "./types.ts";

/**
 * Makes a message ready: its recipient, its author, what an order beside it may do, and last its text, so that a pipe is only read for a
 * message that has somewhere to go. Reading stdin is synchronous: a signal ends it as it ends any program.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, `peer-ambiguous`, `sender-mismatch`, `fleet-state-corrupt`,
 *   `message-invalid`, `file-not-found`, `read-failed`.
 */
export async function prepareSending(app: App, request: SendRequest): Promise<Sending> {
  const isHandedOn = request.from !== undefined && parseParty(request.from) !== undefined;
  const recipient = chooseRecipient(app, request.to, isHandedOn);
  const sender = identifySender(app.layout, app.env);
  const from = chooseAuthor(sender, request.from, (name) =>
    readRegistry(app.layout).peers.some(({ personality }) => personality === name),
  );
  const order = request.order === undefined ? undefined : judgeOrder(app, request.order, { recipient, sender });
  const author = recipient.kind === "remote" ? renderParty(from) : renderSender(from, readHostName());
  const text = parseMessage(readText(request.message, author, order));
  return { recipient, sender, from, text, verify: request.verify, order };
}

function judgeOrder(
  app: App,
  order: NonNullable<SendRequest["order"]>,
  { recipient, sender }: { recipient: Recipient; sender: Sender },
): Order {
  const orchestrators = sender.kind === "peer" ? readOrchestrators(app) : [];
  const identity = recipient.kind === "local" ? recipient.identity : undefined;
  return { ...order, authority: judgeDirective(sender, orchestrators, identity) };
}

function readText(source: MessageSource, author: string, order: Order | undefined): string {
  switch (source.kind) {
    case "text":
      // Bytes on a command line that are no UTF-8 arrive as U+FFFD.
      if (source.text.includes("\ufffd")) throw messageInvalid("the message is not UTF-8", "send text");
      return source.text;
    case "file":
      return readMessageFile(source.path);
    case "order":
      return renderDirective(author, order?.authority.isGiven ? order.graceMs : undefined);
  }
}

/**
 * Sends a message, carries out an order that takes effect, and notes in lifecycle.log what was ordered. The signal ends it before anything
 * is pasted, is waited with while the message is pasted, and takes an order back for as long as its grace lasts.
 *
 * @throws IapeerError `interrupted`; `not-at-prompt`, `peer-not-live`, `stale-incarnation`, `send-failed`, `stop-failed`, `lock-busy`; what deliverRemote throws.
 */
export async function sendMessage(app: App, sending: Sending, signal: AbortSignal): Promise<Sent> {
  const { recipient, order } = sending;
  const isEffective = order?.authority.isGiven === true;
  if (recipient.kind === "remote") {
    const sent = await sendRemote(app, { ...sending, recipient }, signal);
    if (order !== undefined && !isEffective) noteOrder(app, sending, "none");
    // A host whose answer was lost may have done it or not.
    return order === undefined || isEffective ? sent : { ...sent, effect: "none" };
  }
  const tell = async () => await deliver(messageOf(sending, recipient), recipient, { verify: sending.verify, signal, host: app });
  const sent = isEffective ? await putToSleep(recipient, { graceMs: order.graceMs, tell, signal, host: app }) : await tell();
  if (order === undefined) return sent;
  const effect = isEffective ? "sleep" : "none";
  noteOrder(app, sending, effect);
  return { ...sent, effect };
}

async function sendRemote(
  app: App,
  { recipient: to, from, text, verify, order }: Sending & { readonly recipient: RemoteRecipient },
  signal: AbortSignal,
): Promise<Sent> {
  const sleepMs = order?.authority.isGiven === true ? order.graceMs : undefined;
  return await deliverRemote({ to, from, verify, sleepMs }, text, { runner: app.runner, signal, host: app });
}

function messageOf({ from, text }: Sending, { identity }: LocalRecipient): Message {
  return { route: { from, to: { host: readHostName(), name: parseIdentity(identity)!.personality } }, text };
}

function noteOrder(app: App, { recipient, from, order }: Sending, effect: "sleep" | "none"): void {
  const to = recipient.kind === "local" ? { identity: recipient.identity } : { peer: recipient.name, host: recipient.host };
  logDecision(app, { ev: "directive", directive: order!.directive, ...to, from: renderSender(from, readHostName()), effect });
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
