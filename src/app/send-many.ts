import type { ErrorView } from "../model/errors.ts";
import { chooseMany, forEachTarget, type ManyEnd, type ManyRequest } from "./many.ts";
import type { App } from "./types.ts";
import { prepareSending, readSource, sendMessage, toSentJson } from "./send/send.ts";
import type { MessageSource, Sending, SendRequest, Sent, SentJson } from "./send/types.ts";

export interface SendManyRequest extends ManyRequest, Pick<SendRequest, "from" | "verify"> {
  readonly message: Exclude<MessageSource, { readonly kind: "order" }>;
}

/** A message to one of many, and how it ended. */
export interface OneSent {
  readonly sending: Sending;
  readonly sent: Sent;
}

/** A row of `send --all --json`. */
export type SentRowJson =
  | SentJson
  | { readonly to: string; readonly host?: string; readonly state: "failed"; readonly error: ErrorView };

export function toSentRowJson(end: ManyEnd<OneSent>): SentRowJson {
  if ("value" in end) return toSentJson(end.value.sending, end.value.sent);
  const { personality, host } = end.target;
  return { to: personality, ...(host !== undefined && { host }), state: "failed", error: end.error };
}

/**
 * Sends one message to many, several at once: to each as sendMessage does it. A peer that does not get it is an end with its error.
 *
 * @throws IapeerError `message-invalid`, `file-not-found`, `read-failed`: nobody gets it; what chooseMany throws.
 */
export async function sendToMany(
  app: App,
  { message, from, verify, ...many }: SendManyRequest,
  signal: AbortSignal,
): Promise<ManyEnd<OneSent>[]> {
  // The one in whose name it is sent is its sender too.
  const targets = chooseMany(app, many).filter(({ personality, host }) => host !== undefined || personality !== from);
  const source = readSource(message);
  const send = async ({ personality, runtime, host }: (typeof targets)[number]): Promise<OneSent> => {
    const to = { personality, runtime: host === undefined ? runtime : many.runtime };
    const sending = await prepareSending(app, { to, from, message: source, verify });
    return { sending, sent: await sendMessage(app, sending, signal) };
  };
  return await forEachTarget(targets, send, signal);
}
