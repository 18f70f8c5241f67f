import { pause } from "../../core/process/pause.ts";
import { poll, until } from "../../core/process/poll.ts";
import { readTerminalInput } from "../../core/process/terminal-input.ts";
import { IapeerError } from "../../model/errors.ts";
import { messageInvalid } from "../../model/message.ts";
import { renderHead } from "../../model/party.ts";
import type { OpenPane, PaneLook } from "./pane.ts";
import type { DeliveryState, Message } from "./types.ts";
import { findMark, judgeScreen, type Mark, type Pasted, type Screen } from "./verdict.ts";

/** The longest line of a terminal in line mode. The kernel drops the rest (termios(3); macOS MAX_CANON). */
const MAX_LINE_BYTES = process.platform === "darwin" ? 1023 : 4095;

/** The time for a program to read a paste. Enter follows in any case. */
const READ_MS = 2000;
/** The pause between a paste and its Enter. A program that knows pastes by their speed takes an Enter within 120 ms as a part of one. */
const PAUSE_MS = 150;
/** The time for a paste to show on a screen that is watched. */
const SHOWN_MS = 1500;
const VERIFY_MS = 5000;
const POLL_MS = 20;
/** Input counts as read after this many looks in a row that find none: tmux passes on a long paste in parts. */
const LOOKS = 3;
/** The pause between two looks that tell whether a screen moves. */
const STILL_MS = 120;

/** How a message is to be delivered. */
export interface DeliveryManner {
  /** Watch the screen until it tells whether the message was accepted. */
  readonly verify: boolean;
  /** Ends the delivery before anything is pasted, and the watching of the screen. A text that is pasted is also submitted. */
  readonly signal: AbortSignal;
}

interface Manner extends DeliveryManner {
  readonly look: PaneLook;
}

/**
 * Types a message into the agent's pane and submits it. The send lock must be held.
 *
 * @throws IapeerError `peer-not-live`, `stale-incarnation`, `send-failed`, `message-invalid`.
 */
export async function typeMessage(pane: OpenPane, message: Message, manner: DeliveryManner): Promise<DeliveryState> {
  const look = await pane.look();
  if (readTerminalInput(look.tty)?.isLineMode) return await deliverLines(pane, message, { look, ...manner });
  return await deliverPaste(pane, message, { look, ...manner });
}

/** Delivers to a program that reads whole lines. The kernel knows whether they were read. */
async function deliverLines(pane: OpenPane, { route, text }: Message, { look, verify, signal }: Manner): Promise<DeliveryState> {
  const whole = renderHead(route) + text;
  const longest = Math.max(...whole.split("\n").map((line) => Buffer.byteLength(line)));
  if (longest > MAX_LINE_BYTES)
    throw messageInvalid(
      `a line of the message is ${longest} bytes long with its head, and ${pane.identity} reads lines of at most ${MAX_LINE_BYTES} now`,
      "break the line",
    );
  refuseInterrupted(signal);
  await pane.paste(whole, { submit: true });
  if (!verify) return "sent";
  const isRead = await isReadWithin(look.tty, VERIFY_MS, signal);
  // A program that changed its terminal since may have thrown away unread input.
  return isRead && readTerminalInput(look.tty)?.isLineMode ? "accepted" : "unknown";
}

/** Delivers to a program that reads keys. It gets time to take the paste before Enter comes. */
async function deliverPaste(pane: OpenPane, { route, text }: Message, { look, verify, signal }: Manner): Promise<DeliveryState> {
  const head = renderHead(route);
  const before = verify ? await watchBefore(pane, look.screen) : { screen: look.screen, isStill: false };
  refuseInterrupted(signal);
  // No signal ends it from here to Enter: a paste without Enter would stand in front of the next message.
  await pane.paste(head + text, { submit: false });
  await isReadWithin(look.tty, READ_MS);
  await pause(PAUSE_MS);
  const pasted = verify ? await watchAfterPaste(pane, { ...before, head }) : undefined;
  await pane.submit();
  if (pasted === undefined) return "sent";
  const mark = findMark(pasted);
  return mark === undefined ? "unknown" : await verifyPaste(pane, { mark, pasted: pasted.after, tty: look.tty, signal });
}

function refuseInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new IapeerError("interrupted", "stopped before anything was sent");
}

interface Stillness {
  readonly screen: Screen;
  readonly isStill: boolean;
}

async function watchBefore(pane: OpenPane, first: Screen): Promise<Stillness> {
  await pause(STILL_MS);
  const { screen } = await pane.look();
  return { screen, isStill: Bun.deepEquals(first, screen) };
}

/** The screen as soon as the paste shows on it, or as it is when the time is up. */
async function watchAfterPaste(
  pane: OpenPane,
  { screen: before, isStill, head }: Stillness & { readonly head: string },
): Promise<Pasted> {
  let pasted: Pasted = { before, after: before, isStill, head };
  const isShown = async () => {
    const { screen } = await pane.look();
    const next = await watchBefore(pane, screen);
    pasted = { before, after: next.screen, isStill: isStill && next.isStill, head };
    return findMark(pasted) !== undefined;
  };
  await until(isShown, { timeoutMs: SHOWN_MS });
  return pasted;
}

interface Verification {
  readonly mark: Mark;
  readonly pasted: Screen;
  readonly tty: string;
  readonly signal: AbortSignal;
}

async function verifyPaste(pane: OpenPane, { mark, pasted, tty, signal }: Verification): Promise<DeliveryState> {
  const deadline = performance.now() + VERIFY_MS;
  let verdict = "unclear" as ReturnType<typeof judgeScreen>;
  const look = async (): Promise<DeliveryState | undefined> => {
    const leftMs = deadline - performance.now();
    // A look needs that time itself.
    if (leftMs < STILL_MS) return undefined;
    // A program can neither take nor refuse input that it has not read.
    if (!(await isReadWithin(tty, leftMs, signal))) return "unknown";
    const last = verdict;
    verdict = judgeScreen(mark, pasted, (await lookAfter(pane)) ?? pasted);
    return verdict === "left" && last === "left" ? "accepted" : undefined;
  };
  const state = await poll(look, { timeoutMs: VERIFY_MS, everyMs: STILL_MS, signal });
  return state ?? (verdict === "stands" && !signal.aborted ? "typed" : "unknown");
}

/** The screen after Enter; undefined when the pane is gone, because the message may have ended it. */
async function lookAfter(pane: OpenPane): Promise<Screen | undefined> {
  try {
    return (await pane.look()).screen;
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

/** Tells whether a terminal's input is read before the time is up and before the signal; false also when that cannot be told. */
async function isReadWithin(tty: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  let looks = 0;
  const look = () => {
    const input = readTerminalInput(tty);
    if (input === undefined) return "gone";
    looks = input.hasUnread ? 0 : looks + 1;
    return looks >= LOOKS ? "read" : undefined;
  };
  return (await poll(look, { timeoutMs, everyMs: POLL_MS, signal })) === "read";
}
