import { readOccupation } from "../../core/process/answering.ts";
import { readTerminalInput } from "../../core/process/terminal-input.ts";
import { IapeerError } from "../../model/errors.ts";
import { messageInvalid } from "../../model/message.ts";
import type { OpenPane } from "./pane.ts";
import type { Screen } from "./types.ts";
import { typeText, type TypingManner } from "./type-text.ts";
import type { Typed } from "./types.ts";
import { isReadWithin } from "./unread.ts";

/** The longest line of a terminal in line mode. The kernel drops the rest (termios(3); macOS MAX_CANON). */
const MAX_LINE_BYTES = process.platform === "darwin" ? 1023 : 4095;
/** Each line is looked at before its Enter, which takes its time. */
const MAX_LINES = 200;
/** The time for a program to read a line. */
const READ_MS = 5000;

interface LinesManner extends TypingManner {
  /** The last look. */
  readonly screen: Screen;
  readonly verify: boolean;
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
  let screen: Screen | undefined = manner.screen;
  for (const [at, line] of lines.entries()) {
    try {
      // A part of a message is worth less than all of it, so no signal ends it after its first line.
      const signal = at === 0 ? manner.signal : new AbortController().signal;
      ({ next: screen } = await typeText(pane, line, { ...manner, signal, screen, hasNext: at < lines.length - 1 }));
    } catch (error) {
      if (at === 0 || !(error instanceof IapeerError) || error.code !== "not-at-prompt") throw error;
      return { state: "unknown", why: `${at} of ${lines.length} lines were submitted: ${String(error.details?.["why"])}` };
    }
  }
  if (!verify) return { state: "sent" };
  const isRead = await isReadWithin(manner.tty, READ_MS, manner.signal);
  // A program that changed its terminal since may have thrown away unread input.
  return { state: isRead && readTerminalInput(manner.tty)?.isLineMode === true ? "accepted" : "unknown" };
}

/** Tells why a program that reads lines does not read one now. It may be at work on the last one, and ask about it first. */
export function whyNotReading(tty: string, pid: number): string | undefined {
  if (readTerminalInput(tty)?.hasUnread !== false) return "it has not read what was typed before";
  return ["waiting", "unknown"].includes(readOccupation(pid)) ? undefined : "it does not wait for a line";
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
