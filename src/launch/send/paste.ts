import { pause } from "../../core/process/pause.ts";
import { readTerminalInput, type TerminalInput } from "../../core/process/terminal-input.ts";
import { IapeerError } from "../../model/errors.ts";
import { messageInvalid } from "../../model/message.ts";
import { renderHead } from "../../model/party.ts";
import type { OpenPane, PaneLook } from "./pane.ts";
import type { DeliveryState, Message } from "./types.ts";
import { findMark, judgeScreen, type Mark, type Pasted, type Screen } from "./verdict.ts";

/** A line of a terminal in line mode: the kernel drops what is beyond (termios(3); macOS MAX_CANON). */
const MAX_LINE_BYTES = process.platform === "darwin" ? 1023 : 4095;

/** How long a program may take to read a paste before Enter comes behind it all the same. */
const READ_MS = 2000;
/** Between a paste and its Enter: a program that guesses what is pasted by its speed takes an Enter within 120 ms for a part of it. */
const PAUSE_MS = 150;
/** How long a paste may take to show on the screen, where that is watched. */
const SHOWN_MS = 1500;
const VERIFY_MS = 5000;
const POLL_MS = 20;
/** Input that is read is seen to be so this often in a row: tmux hands on a long paste in parts. */
const LOOKS = 3;
/** Between two looks at a screen that are to tell whether it moves. */
const STILL_MS = 120;

/** How a message is to be delivered. */
export interface DeliveryManner {
  /** Watch the screen until it tells whether the message was accepted. */
  readonly verify: boolean;
  /** Ends the delivery before anything is pasted, and the watching of the screen. What is pasted is submitted. */
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

/** To a program that reads whole lines: the kernel knows whether they were read. */
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
  // A program that has changed its terminal since may have thrown away what was not read.
  return isRead && readTerminalInput(look.tty)?.isLineMode ? "accepted" : "unknown";
}

/** To a program that reads keys: it gets time to take the paste before Enter comes. */
async function deliverPaste(pane: OpenPane, { route, text }: Message, { look, verify, signal }: Manner): Promise<DeliveryState> {
  const head = renderHead(route);
  const before = verify ? await watchBefore(pane, look.screen) : { screen: look.screen, isStill: false };
  refuseInterrupted(signal);
  // From here to Enter no signal ends it: what is pasted and not submitted would stand in front of the next message.
  await pane.paste(head + text, { submit: false });
  await isReadWithin(look.tty, READ_MS);
  await Bun.sleep(PAUSE_MS);
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
  await Bun.sleep(STILL_MS);
  const { screen } = await pane.look();
  return { screen, isStill: Bun.deepEquals(first, screen) };
}

/** The screen with the paste in it, as soon as it shows there, or as it is when it does not. */
async function watchAfterPaste(
  pane: OpenPane,
  { screen: before, isStill, head }: Stillness & { readonly head: string },
): Promise<Pasted> {
  const deadline = performance.now() + SHOWN_MS;
  for (;;) {
    const { screen } = await pane.look();
    const next = await watchBefore(pane, screen);
    const pasted = { before, after: next.screen, isStill: isStill && next.isStill, head };
    if (findMark(pasted) !== undefined || performance.now() > deadline) return pasted;
  }
}

interface Verification {
  readonly mark: Mark;
  readonly pasted: Screen;
  readonly tty: string;
  readonly signal: AbortSignal;
}

async function verifyPaste(pane: OpenPane, { mark, pasted, tty, signal }: Verification): Promise<DeliveryState> {
  const deadline = performance.now() + VERIFY_MS;
  let verdict: ReturnType<typeof judgeScreen> = "unclear";
  while (performance.now() < deadline && !signal.aborted) {
    const isRead = await isReadWithin(tty, deadline - performance.now(), signal);
    // What it has not read it can neither have taken nor refused.
    if (!isRead) return "unknown";
    const last = verdict;
    verdict = judgeScreen(mark, pasted, (await lookAfter(pane)) ?? pasted);
    if (verdict === "left" && last === "left") return "accepted";
    await pause(STILL_MS, signal);
  }
  return verdict === "stands" && !signal.aborted ? "typed" : "unknown";
}

/** undefined when it is gone: the message may have ended it. */
async function lookAfter(pane: OpenPane): Promise<Screen | undefined> {
  try {
    return (await pane.look()).screen;
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

/** Whether a terminal's input is read before a deadline and the signal; false also when that cannot be told. */
async function isReadWithin(tty: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let looks = 0; looks < LOOKS;) {
    const input: TerminalInput | undefined = readTerminalInput(tty);
    if (input === undefined || performance.now() > deadline || signal?.aborted) return false;
    looks = input.hasUnread ? 0 : looks + 1;
    if (looks < LOOKS) await Bun.sleep(POLL_MS);
  }
  return true;
}
