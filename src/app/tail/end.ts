import { isDrawn } from "../../core/text/drawn-text.ts";
import { sessionLogPath } from "../../core/layout.ts";
import { MOST_END_BYTES, type SessionTail } from "../../status/session-tail.ts";
import type { App } from "../types.ts";
import { endedLines, renderLog } from "./lines.ts";
import { readLiveLines } from "./live.ts";
import type { PeerTail, TailOptions } from "./types.ts";

/** How far back the output of a program that draws is read: it is played to a terminal as a whole, and that takes its time. */
const MOST_DRAWN_BYTES = 4 * 1024 * 1024;

/** The last lines of a session, of which the end of its log was read. Where that is too little for them, a note says so. */
export async function readLines(app: App, log: SessionTail, options: TailOptions & { readonly text: string }): Promise<PeerTail> {
  const { identity, count, text } = options;
  const { lines, mostBytes } = isDrawn(text) ? await readDrawnLines(app, log, options) : readPlainLines(text, count);
  if (mostBytes !== undefined && lines.length < count)
    app.tell.note(
      `of the log of ${identity} only the last ${mostBytes / MIB} MiB are read; all of it: ${sessionLogPath(app.layout, identity)}`,
    );
  return { identity, lines, hasPrinted: text !== "" };
}

const MIB = 1024 * 1024;

interface FoundLines {
  readonly lines: readonly string[];
  /** The most that was read; undefined where that was the whole log. */
  readonly mostBytes: number | undefined;
}

function readPlainLines(text: string, count: number): FoundLines {
  const mostBytes = text.length < MOST_END_BYTES && Buffer.byteLength(text) < MOST_END_BYTES ? undefined : MOST_END_BYTES;
  return { lines: count === 0 ? [] : endedLines(text).slice(-count), mostBytes };
}

async function readDrawnLines(app: App, log: SessionTail, options: TailOptions): Promise<FoundLines> {
  const { text, isWhole } = readDrawn(log);
  const readLast = async () => (await readLiveLines(app, options.identity, options.count))?.lines;
  return { lines: await renderLog(text, { ...options, readLast }), mostBytes: isWhole ? undefined : MOST_DRAWN_BYTES };
}

/** The end of a log, as much of it as is played to a terminal. A log that was cut begins with a whole line. */
export function readDrawn(log: SessionTail): { readonly text: string; readonly isWhole: boolean } {
  const { text, isWhole } = log.readLast(MOST_DRAWN_BYTES);
  return { text: isWhole ? text : text.slice(text.indexOf("\n") + 1), isWhole };
}
