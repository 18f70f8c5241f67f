/** The values of a key in a unit file, one for each line with that key. */
export function linesOf(text: string, key: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));
}

/**
 * The words of a line of a unit file as systemd reads them: quotes, C escapes, specifiers (systemd.syntax(7), systemd.unit(5)).
 *
 * @throws Error for a line that systemd refuses, or reads as anything but plain words.
 */
export function readUnitWords(line: string): string[] {
  return splitWords(line).map((word) =>
    word.replaceAll(/%(.?)/gs, (_, next: string) => (next === "%" ? "%" : fail(`a specifier: %${next}`))),
  );
}

/** The argv of a command (systemd.service(5), Command Lines). Variables are substituted only in arguments. */
export function readUnitCommand(line: string): string[] {
  const [program, ...args] = readUnitWords(line);
  return [
    program!,
    ...args.map((arg) => arg.replaceAll(/\$(.?)/gs, (_, next: string) => (next === "$" ? "$" : fail(`a variable: $${next}`)))),
  ];
}

function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < line.length; i += 1) {
    const c = line[i]!;
    if (c === "\\") {
      const { text, length } = readEscape(line.slice(i + 1));
      word = (word ?? "") + text;
      i += length;
    } else if (quote === undefined && (c === '"' || c === "'")) {
      quote = c;
      word ??= "";
    } else if (c === quote) quote = undefined;
    else if (quote === undefined && /\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + c;
  }
  if (quote !== undefined) fail("a quote that is not closed");
  return word === undefined ? words : [...words, word];
}

const LETTERS: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
  s: " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
};

function readEscape(rest: string): { text: string; length: number } {
  const hex = /^x([0-9a-f]{2})/.exec(rest)?.[1];
  if (hex !== undefined) return { text: String.fromCharCode(Number.parseInt(hex, 16)), length: 3 };
  return { text: LETTERS[rest[0] ?? ""] ?? fail(`an escape: \\${rest[0]}`), length: 1 };
}

function fail(what: string): never {
  throw new Error(`systemd would read ${what}`);
}
