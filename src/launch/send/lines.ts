import { readOccupation } from "../../core/process/answering.ts";
import { until } from "../../core/process/poll.ts";
import { readTerminalInput } from "../../core/process/terminal-input.ts";
import { IapeerError } from "../../model/errors.ts";
import { messageInvalid } from "../../model/message.ts";
import { notAtPrompt } from "./not-at-prompt.ts";
import type { OpenPane } from "./pane.ts";
import { typeText, type TypingManner } from "./type-text.ts";
import type { Typed } from "./types.ts";
import { isReadWithin } from "./unread.ts";

/** The longest line of a terminal in line mode. The kernel drops the rest (termios(3); macOS MAX_CANON). */
const MAX_LINE_BYTES = process.platform === "darwin" ? 1023 : 4095;
/** Each line is looked at before its Enter, which takes its time. */
const MAX_LINES = 200;
/** The time for a program to read a line. */
const READ_MS = 5000;
/** The time for a program to wait for a message's first line. */
const FIRST_MS = 5000;
const EVERY_MS = 20;

interface LinesManner extends TypingManner {
  readonly verify: boolean;
  /** The process of the agent's pane. */
  readonly pid: number;
}

/**
 * Types a text to a program that reads whole lines, line by line: a line that the program answers with a question must not be followed by
 * one that answers it. The kernel knows whether a line was read.
 *
 * @throws IapeerError `message-invalid`; what typeText throws for the first line.
 */
export async function typeLines(pane: OpenPane, text: string, { verify, ...manner }: LinesManner): Promise<Typed> {
  const lines = text.split("\n");
  refuseLong(pane, lines);
  for (const [at, line] of lines.entries()) {
    const why = at === 0 ? await typeFirst(pane, line, manner) : await typeNext(pane, line, manner);
    if (why !== undefined) return { state: "unknown", why: `${at} of ${lines.length} lines were submitted: ${why}` };
  }
  if (!verify) return { state: "sent" };
  const isRead = await isReadWithin(manner.tty, READ_MS, manner.signal);
  // A program that changed its terminal since may have thrown away unread input.
  return { state: isRead && readTerminalInput(manner.tty)?.isLineMode === true ? "accepted" : "unknown" };
}

function refuseLong({ identity }: OpenPane, lines: readonly string[]): void {
  const longest = Math.max(...lines.map((line) => Buffer.byteLength(line)));
  if (longest > MAX_LINE_BYTES)
    throw messageInvalid(
      `a line of the message is ${longest} bytes long with its head, and ${identity} reads lines of at most ${MAX_LINE_BYTES} now`,
      "break the line",
    );
  if (lines.length > MAX_LINES)
    throw messageInvalid(
      `the message has ${lines.length} lines, and ${identity} reads line by line now: it gets at most ${MAX_LINES}`,
      "send a file's path, not the file",
    );
}

async function typeFirst(pane: OpenPane, line: string, manner: Omit<LinesManner, "verify">): Promise<undefined> {
  if (!(await isWaitingWithin(manner.pid, FIRST_MS, manner.signal))) {
    const { screen } = await pane.look();
    throw notAtPrompt({ identity: pane.identity, why: "it does not wait for a line", screen, input: "untouched" });
  }
  await typeText(pane, line, manner);
}

/** Tells whether a process waits for input before the time is up; true also where the platform does not tell. */
async function isWaitingWithin(pid: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const isWaiting = () => ["waiting", "unknown"].includes(readOccupation(pid));
  return await until(isWaiting, { timeoutMs, everyMs: EVERY_MS, signal });
}

/** Types a further line. Returns why it could not be. */
async function typeNext(pane: OpenPane, line: string, manner: Omit<LinesManner, "verify">): Promise<string | undefined> {
  if (!(await isReadWithin(manner.tty, READ_MS))) return "the program did not read them";
  // A program that is at work on a line may ask about it before it reads the next one.
  if (!(await isWaitingWithin(manner.pid, READ_MS))) return "the program does not wait for the next one";
  try {
    // A part of a message is worth less than all of it, so no signal ends it here.
    await typeText(pane, line, { ...manner, signal: new AbortController().signal });
    return undefined;
  } catch (error) {
    if (error instanceof IapeerError && typeof error.details?.["why"] === "string") return error.details["why"];
    throw error;
  }
}
