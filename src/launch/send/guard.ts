import type { Screen } from "./types.ts";

/**
 * A tmux format that is 1 while a pane's cursor, and each of these rows, are as they were at a look. tmux evaluates it in the same stroke
 * as the command behind it, so that no key goes to a screen that nobody has judged.
 *
 * A format can only ask in which row a pattern is found first (tmux(1), FORMATS, `C/r:`). So the row must be the first one that reads so,
 * now as then.
 */
export function renderUnchanged(screen: Screen, rows: readonly number[]): string {
  const { x, y, isVisible } = screen.cursor;
  const facts = [
    isEqual("#{cursor_x}", String(x)),
    isEqual("#{cursor_y}", String(y)),
    isEqual("#{cursor_flag}", isVisible ? "1" : "0"),
    ...rows.map((row) => {
      const pattern = patternOf(screen.lines[row] ?? "");
      return isEqual(`#{C/r:${pattern}}`, String(firstRow(screen, pattern) + 1));
    }),
  ];
  // tmux before 3.5 takes two words for && and no more.
  return facts.reduce((all, one) => `#{&&:${all},${one}}`);
}

function isEqual(one: string, other: string): string {
  return `#{==:${one},${other}}`;
}

/** An extended regular expression for a line, without any character that a format reads more into. */
function patternOf(line: string): string {
  return `^${line.replace(/ +$/, "").replaceAll(/[!-/:-@[-`{-~\u2500-\u259f]/g, ".")} *$`;
}

function firstRow({ lines }: Screen, pattern: string): number {
  const regex = new RegExp(pattern, "u");
  return lines.findIndex((line) => regex.test(line));
}
