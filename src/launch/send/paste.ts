import { readOccupation } from "../../core/process/answering.ts";
import { readTerminalInput } from "../../core/process/terminal-input.ts";
import type { IapeerError } from "../../model/errors.ts";
import { renderHead } from "../../model/party.ts";
import type { PromptDeclaration } from "../../model/runtimes.ts";
import { typeLines, whyNotReading } from "./lines.ts";
import { notAtPrompt } from "./not-at-prompt.ts";
import type { OpenPane, PaneLook } from "./pane.ts";
import { chooseRule } from "./prompts/prompts.ts";
import { shiftHeads } from "./shift-heads.ts";
import { typeText, type TypingManner } from "./type-text.ts";
import type { Message, Typed } from "./types.ts";
import { isReadWithin } from "./unread.ts";
import { watchAcceptance } from "./acceptance.ts";

/** The time for a program to read what somebody typed before. */
const UNREAD_MS = 2000;

/** The time for a program to come to its prompt. A program that reads lines may be at work on an earlier one. */
const READY_MS = 1500;
const LINE_READY_MS = 5000;
/** A word at the end of a text at which claude and codex open a menu. It closes at a blank behind that word. */
const OPENS_MENU = /(?:^|\s)[@$/#]\S*$/u;

/** How a message is to be delivered. */
export interface DeliveryManner {
  /** Watch the screen until it tells whether the message was accepted. */
  readonly verify: boolean;
  /** Ends the delivery before anything is pasted, and the watching of the screen. A text that is pasted is submitted or taken back. */
  readonly signal: AbortSignal;
}

/** The facts about the program that reads. */
export interface Reader {
  readonly runtime: string;
  /** The prompt of a runtime.json. */
  readonly declared: PromptDeclaration | undefined;
  /** Tells whether the program has asked for bracketed pastes, by all that its session has printed. */
  readonly hasAskedForPastes: () => boolean;
}

/**
 * Types a message into the agent's own empty prompt and submits it. The send lock must be held.
 *
 * @throws IapeerError `not-at-prompt`: something else has the keyboard, and Enter was not pressed; `peer-not-live`, `stale-incarnation`,
 *   `send-failed`, `message-invalid`, `interrupted`.
 */
export async function typeMessage(
  pane: OpenPane,
  message: Message,
  { reader, ...manner }: DeliveryManner & { readonly reader: Reader },
): Promise<Typed> {
  const look = await pane.look();
  const typing = planTyping(pane, { look, reader, signal: manner.signal });
  if (readOccupation(pane.pid) === "stopped") throw refuse(pane, look, "it is stopped");
  const hasUnread = readTerminalInput(look.tty)?.hasUnread !== false;
  if (hasUnread && !(await isReadWithin(look.tty, UNREAD_MS, manner.signal)))
    throw refuse(pane, look, "it does not read what is typed to it");
  const text = renderMessage(message) + (typing.rule.readsKeys === true && OPENS_MENU.test(message.text) ? " " : "");
  if (typing.isLineMode) return await typeLines(pane, text, { ...typing, screen: look.screen, verify: manner.verify });
  if (/[\n\t]/.test(text) && typing.rule.readsKeys !== true && !(look.takesPastes ?? reader.hasAskedForPastes()))
    throw refuse(pane, look, "it reads keys, and takes each line end and each tab of a text for one");
  const submitted = await typeText(pane, text, { ...typing, screen: look.screen });
  return manner.verify ? await watchAcceptance(pane, submitted, typing) : { state: "sent" };
}

/** The text that is typed. The head stands first, so no message begins with a sign that a program takes for an order. */
export function renderMessage({ route, text }: Message): string {
  return renderHead(route) + shiftHeads(text);
}

function planTyping(
  pane: OpenPane,
  { look, reader, signal }: { readonly look: PaneLook; readonly reader: Reader; readonly signal: AbortSignal },
): TypingManner {
  const input = readTerminalInput(look.tty);
  if (input === undefined) throw refuse(pane, look, "its terminal cannot be asked");
  const { isLineMode, isEchoing } = input;
  const { declared } = reader;
  const rule = chooseRule(reader.runtime, { isLineMode, sign: declared?.sign });
  if (isLineMode && rule.readsKeys === true) throw refuse(pane, look, "it has not begun to read keys");
  const echoes = declared?.echo ?? true;
  if (isLineMode && !isEchoing && echoes) throw refuse(pane, look, "its terminal hides what is typed, as for a password");
  return {
    rule,
    tty: look.tty,
    echoes,
    isLineMode,
    shownMs: declared?.showsWithinMs,
    readyMs: isLineMode ? LINE_READY_MS : READY_MS,
    whyNotReading: () => (isLineMode ? whyNotReading(look.tty, pane.pid) : undefined),
    signal,
  };
}

function refuse({ identity }: OpenPane, { screen }: PaneLook, why: string): IapeerError {
  return notAtPrompt({ identity, why, screen, input: "untouched" });
}
