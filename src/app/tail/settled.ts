/** How long a line stands before it counts: a line that tells the seconds changes before that. */
const SETTLE_MS = 1500;
/** A line that was gone for so long, and comes back, is new. */
const FORGET_MS = 3000;

/** The lines of a screen that stay, told once each. */
export interface SettledLines {
  /** The lines that have settled since the last look. `isOver`: nothing changes any more, so that every line counts. */
  readonly take: (lines: readonly string[], now: number, options?: { readonly isOver: boolean }) => string[];
  /** True while some line of the last look may still settle. */
  readonly isPending: () => boolean;
}

interface Seen {
  /** How many lines of this text were told. */
  told: number;
  /** How many there were at the last look, since when, and when there was one at last. */
  count: number;
  since: number;
  lastAt: number;
}

/**
 * Follows the lines of a screen that is drawn again and again. A line is told once it has stood for a while: a line that changes with each
 * look, as a clock does, never is. Blank lines are not told.
 *
 * @param told the lines that a reader has already
 */
export function openSettled(told: readonly string[], now: number): SettledLines {
  const seen = new Map<string, Seen>();
  for (const [text, count] of countOf(told)) seen.set(text, { told: count, count, since: now, lastAt: now });
  return {
    isPending: () => [...seen.values()].some(({ told: done, count }) => done < count),
    take: (lines, at, { isOver } = { isOver: false }) => {
      look(seen, lines, at);
      const nth = new Map<string, number>();
      return lines.filter((text) => {
        const one = seen.get(text);
        if (one === undefined) return false;
        const place = (nth.get(text) ?? 0) + 1;
        nth.set(text, place);
        if (place <= one.told || (!isOver && at - one.since < SETTLE_MS)) return false;
        one.told = place;
        return true;
      });
    },
  };
}

function look(seen: Map<string, Seen>, lines: readonly string[], now: number): void {
  const counts = countOf(lines);
  for (const [text, one] of seen) {
    if (counts.has(text)) continue;
    one.count = 0;
    if (now - one.lastAt > FORGET_MS) seen.delete(text);
  }
  for (const [text, count] of counts) {
    const one = seen.get(text);
    if (one === undefined) seen.set(text, { told: 0, count, since: now, lastAt: now });
    else Object.assign(one, { count, lastAt: now, since: count > one.count ? now : one.since });
  }
}

function countOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of lines) if (text !== "") counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
