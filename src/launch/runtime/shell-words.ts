/** A piece of a word: quoted, double-quoted, escaped, or a plain character (POSIX.1-2024, shell, 2.2 "Quoting"). */
const PIECE = /'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[^])*)"|\\(?<escaped>[^])|(?<plain>[^ \t\n'"\\])|(?<blank>[ \t\n]+)/y;

/**
 * The words that sh makes of a text, with nothing expanded: quotes and backslashes are taken off, and `$`, `*`, `#` and `;` stand for
 * themselves; undefined when a quote is not closed, or when a backslash is the last character.
 */
export function splitShellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text)?.groups;
    if (piece === undefined) return undefined;
    // A backslash before a newline joins two lines.
    if (piece["escaped"] === "\n") continue;
    if (piece["blank"] === undefined) {
      word = (word ?? "") + textOf(piece);
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

function textOf({ single, double, escaped, plain }: Record<string, string | undefined>): string {
  if (double !== undefined) return double.replaceAll(/\\(["\\$`\n])/g, (_, c: string) => (c === "\n" ? "" : c));
  return single ?? escaped ?? plain ?? "";
}
