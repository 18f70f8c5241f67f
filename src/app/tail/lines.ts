import { isDrawn, LAUNCH_SIZE, renderDrawn, type TerminalSize } from "../../core/text/drawn-text.ts";
import { readableLines } from "../../core/text/terminal-text.ts";

/** Between two looks at a log: no longer than a person notices. */
export const POLL_MS = 100;

/** The output of one session. */
export interface LoggedSession {
  /** The line that marks its launch; undefined where the log begins in its middle. */
  readonly mark: string | undefined;
  readonly output: string;
}

/** Splits the log of an identity into its sessions, in their order. The first one may be empty. */
export function splitSessions(log: string, identity: string): LoggedSession[] {
  // A session may end in the middle of a line.
  const parts = log.split(new RegExp(`(== ${identity} launched: [0-9a-f-]{36} ==)\\r?\\n`));
  return parts.flatMap((output, at) => (at % 2 === 0 ? [{ mark: parts[at - 1], output }] : []));
}

export interface LinesOptions {
  /** How many lines, from the end. */
  readonly count: number;
  readonly identity: string;
  /** The lines of the last session, which may know more than its output. Only asked where that is drawn. */
  readonly readLast?: () => Promise<readonly string[] | undefined>;
}

/**
 * The last lines of a log. Output that is drawn is rendered as a terminal shows it. In other output a line that was written over holds its
 * last text.
 */
export async function renderLog(log: string, { count, identity, readLast }: LinesOptions): Promise<string[]> {
  const sessions = splitSessions(log, identity);
  let lines: readonly string[] = [];
  for (const session of sessions.toReversed()) {
    if (lines.length >= count) break;
    const { mark, output } = session;
    const known = session === sessions.at(-1) && isDrawn(output) ? await readLast?.() : undefined;
    lines = [...(mark === undefined ? [] : [mark]), ...(known ?? (await renderSession(output))), ...lines];
  }
  return count === 0 ? [] : lines.slice(-count);
}

/** The lines of one session's output. */
export async function renderSession(output: string, size = LAUNCH_SIZE): Promise<string[]> {
  return isDrawn(output) ? await renderDrawn(output, widen(size, output)) : endedLines(output);
}

/** The lines of a text; nothing behind its last line end is no line. */
export function endedLines(text: string): string[] {
  const lines = readableLines(text);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Programs that look for the size of their terminal go further than any terminal does. */
const MOST: TerminalSize = { columns: 500, rows: 300 };

/** At least the size of the terminal that a program has drawn on: each place that it went to was there. */
function widen(size: TerminalSize, output: string): TerminalSize {
  let { columns, rows } = size;
  // oxlint-disable-next-line no-control-regex -- the cursor's place, CUP of ECMA-48
  for (const [, row, column] of output.matchAll(/\u001b\[(\d+)(?:;(\d+))?[Hf]/g)) {
    if (Number(row) <= MOST.rows) rows = Math.max(rows, Number(row));
    if (Number(column) <= MOST.columns) columns = Math.max(columns, Number(column));
  }
  return { columns, rows };
}
