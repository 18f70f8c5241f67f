import { IapeerError } from "../../model/errors.ts";
import { parseIdentity } from "../../model/names.ts";
import { type Authority, putToSleep } from "../../launch/sleep/sleep.ts";
import { deliver, deliverRemote } from "../../launch/send/send.ts";
import type { Message, LocalRecipient, Recipient, RemoteOutcome } from "../../launch/send/types.ts";
import type { RemoteRecipient } from "../../launch/ssh.ts";
import { type Party, renderSender } from "../../model/party.ts";
import { logDecision, readHostName } from "../../core/host.ts";
import type { Context } from "../app.ts";
import { withInterruption } from "../../cli/interruption.ts";

/** What is to be sent, by whom, and to whom. */
export interface Sending {
  readonly recipient: Recipient;
  readonly from: Party;
  /** As parseMessage gives it. */
  readonly text: string;
  readonly verify: boolean;
  readonly order?: Order | undefined;
}

/** A directive beside a message. */
export interface Order {
  readonly directive: "sleep";
  readonly graceMs: number;
  readonly authority: Authority;
}

/** What became of it, and the exit status of a call that a signal came into the way of. */
export interface Sent extends RemoteOutcome {
  readonly status?: number | undefined;
}

/** Sends, carries out an order that takes effect, and notes in lifecycle.log what was ordered. */
export async function runSending(sending: Sending, context: Context): Promise<Sent> {
  const { recipient, order } = sending;
  const isEffective = order?.authority.isGiven === true;
  if (recipient.kind === "remote") {
    const sent = await sendRemote(sending, recipient, context);
    if (order !== undefined && !isEffective) noteDirective(sending, "none", context);
    // A host whose answer was lost may have done it or not.
    return order === undefined || isEffective ? sent : { ...sent, effect: "none" };
  }
  const sent = isEffective ? await sendToSleep(sending, recipient, context) : await sendLocal(sending, recipient, context);
  if (order === undefined) return sent;
  const effect = isEffective ? "sleep" : "none";
  noteDirective(sending, effect, context);
  return { ...sent, effect };
}

async function sendLocal(sending: Sending, recipient: LocalRecipient, context: Context): Promise<Sent> {
  let status: number | undefined;
  const unbroken = async <T>(work: () => Promise<T>) =>
    await withInterruption(async ({ exitStatus }) => {
      const done = await work();
      status ??= exitStatus();
      return done;
    });
  const delivery = await deliver(messageOf(sending, recipient), recipient, {
    verify: sending.verify,
    unbroken,
    host: context,
  });
  return { ...delivery, status };
}

/** A signal takes the order back as long as the grace lasts, and is waited with while the message is pasted and during the teardown. */
async function sendToSleep(sending: Sending, recipient: LocalRecipient, context: Context): Promise<Sent> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    const tell = async () => {
      const unbroken = async <T>(work: () => Promise<T>) => {
        if (signal.aborted) throw new IapeerError("interrupted", "stopped before anything was sent");
        return await work();
      };
      return await deliver(messageOf(sending, recipient), recipient, {
        verify: sending.verify,
        unbroken,
        host: context,
      });
    };
    const options = { graceMs: sending.order!.graceMs, tell, signal, host: context };
    return await orExitWith(exitStatus, async () => await putToSleep(recipient, options));
  });
}

async function sendRemote({ from, text, verify, order }: Sending, to: RemoteRecipient, context: Context): Promise<Sent> {
  const sleepMs = order?.authority.isGiven === true ? order.graceMs : undefined;
  return await withInterruption(async ({ signal, exitStatus }) => {
    const options = { runner: context.runner, signal, host: context };
    return await orExitWith(exitStatus, async () => await deliverRemote({ to, from, verify, sleepMs }, text, options));
  });
}

/** An interruption ends iapeer as the signal would have. */
async function orExitWith<T>(exitStatus: () => number | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const status = exitStatus();
    if (!(error instanceof IapeerError) || error.code !== "interrupted" || status === undefined) throw error;
    throw new IapeerError(error.code, error.message, { exitStatus: status });
  }
}

function messageOf({ from, text }: Sending, { identity }: LocalRecipient): Message {
  return { route: { from, to: { host: readHostName(), name: parseIdentity(identity)!.personality } }, text };
}

function noteDirective({ recipient, from, order }: Sending, effect: "sleep" | "none", context: Context): void {
  const whom = recipient.kind === "local" ? { identity: recipient.identity } : { peer: recipient.name, host: recipient.host };
  logDecision(context, {
    ev: "directive",
    directive: order!.directive,
    ...whom,
    from: renderSender(from, readHostName()),
    effect,
  });
}
