import { pause } from "../../core/process/pause.ts";
import { isDrawn, LAUNCH_SIZE } from "../../core/text/drawn-text.ts";
import type { SessionTail } from "../../status/session-tail.ts";
import type { App } from "../types.ts";
import { readDrawn, readLines } from "./end.ts";
import { endedLines, POLL_MS, renderSession, splitSessions } from "./lines.ts";
import { HISTORY_LINES, readLiveLines } from "./live.ts";
import { openSettled } from "./settled.ts";
import type { PeerTail, TailOptions } from "./types.ts";

/** A longer line has no end that a person waits for. */
const MOST_REST = 64 * 1024;
/** A screen that is drawn after lines were printed still has some of them. */
const MOST_TOLD = 1000;

/** The last lines of a session, and then those that it prints, until the signal comes. */
export async function* followLines(
  source: Source,
  { identity, count }: TailOptions,
  signal: AbortSignal,
): AsyncGenerator<PeerTail> {
  const { app, log } = source;
  const text = log.readEnd(count);
  const isDrawing = isDrawn(text);
  const { whole, rest } = isDrawing ? { whole: text, rest: "" } : splitWhole(text);
  const first = await readLines(app, log, { identity, text: whole, count: isDrawing ? Math.max(count, HISTORY_LINES) : count });
  yield { ...first, lines: count === 0 ? [] : first.lines.slice(-count), hasPrinted: text !== "" };
  const follow = openFollower(source, { identity, told: first.lines, rest, isDrawing });
  while (!signal.aborted) {
    await pause(POLL_MS, signal);
    const lines = await follow(log.readNew());
    if (lines.length > 0) yield { identity, lines, hasPrinted: true };
  }
}

interface Source {
  readonly app: App;
  readonly log: SessionTail;
}

interface Start {
  readonly identity: string;
  /** The lines that a reader has already. */
  readonly told: readonly string[];
  /** The beginning of a line. */
  readonly rest: string;
  readonly isDrawing: boolean;
}

/** Takes what a session has printed since the last look, and gives the lines to tell. */
type Follow = (fresh: string) => Promise<string[]>;

/** Follows lines until a program draws, and then its screen, until the next session begins. */
function openFollower(source: Source, { identity, told: before, rest: open, isDrawing }: Start): Follow {
  let told = before;
  let rest = open;
  let drawn = isDrawing ? followScreen(source, identity, told) : undefined;
  return async (fresh) => {
    if (drawn !== undefined) {
      const next = splitSessions(fresh, identity).slice(1).at(-1);
      if (next?.mark === undefined) return await drawn(fresh);
      drawn = undefined;
      rest = next.output;
      told = [next.mark];
      return [next.mark];
    }
    const text = rest + fresh;
    if (isDrawn(text)) {
      drawn = followScreen(source, identity, told);
      return await drawn(text);
    }
    const split = splitWhole(text);
    rest = split.rest.slice(-MOST_REST);
    const lines = endedLines(split.whole);
    told = [...told, ...lines].slice(-MOST_TOLD);
    return lines;
  };
}

/** Between two looks at a screen that is drawn. */
const LOOK_MS = 500;

function followScreen({ app, log }: Source, identity: string, told: readonly string[]): Follow {
  const settled = openSettled(told, performance.now());
  let size = LAUNCH_SIZE;
  let isChanged = true;
  let lookedAt = -Infinity;
  return async (fresh) => {
    isChanged ||= fresh !== "";
    const now = performance.now();
    if (now - lookedAt < LOOK_MS || !(isChanged || settled.isPending())) return [];
    isChanged = false;
    lookedAt = now;
    const live = await readLiveLines(app, identity, HISTORY_LINES);
    if (live !== undefined) {
      ({ size } = live);
      return settled.take(live.lines, now);
    }
    // Nobody draws any more: the log has the last screen.
    const last = splitSessions(readDrawn(log).text, identity).at(-1);
    return settled.take(await renderSession(last?.output ?? "", size), now, { isOver: true });
  };
}

/** The part up to the last line end, that included, and what follows it. */
function splitWhole(text: string): { whole: string; rest: string } {
  const end = text.lastIndexOf("\n") + 1;
  return { whole: text.slice(0, end), rest: text.slice(end) };
}
