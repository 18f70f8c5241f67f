import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { splitShellWords } from "../../../src/launch/runtime/shell-words.ts";

/** Whatever stands before it, no piece lets sh expand something or end a command: those characters are escaped, behind a letter. */
const piece = fc.constantFrom(
  "a",
  "b",
  "é",
  "😀",
  " ",
  "  ",
  "\t",
  "\n",
  "'",
  '"',
  "''",
  '""',
  "\\",
  "\\\\",
  '\\"',
  "\\'",
  "a\\$",
  "a\\`",
  "\\\n",
  "\\a",
  "\\ ",
  "-",
  "--x",
  "=",
  "/",
  ":",
  ",",
  "\u00a0",
  "\u2028",
  '"it\'s"',
  '"a\\b"',
  '"\\a\\$x\\`"',
  "'\\\\'\"x\"",
  '"\\\n"',
  "a\\*",
  "a\\#",
  "a\\;",
  "a\\&",
  "a\\~",
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));

/** The words that a real sh makes of a text; undefined when it says no. */
function wordsOfSh(one: string): string[] | undefined {
  // In an eval of its own, so that an open quote is that text's fault alone.
  const ran = Bun.spawnSync(
    ["dash", "-c", 'eval "set -- $1"; for word; do printf "%s\\0" "$word"; done', "sh", one.replaceAll(/(?<!\\)\n/g, " ")],
    { stderr: "ignore" },
  );
  return ran.exitCode === 0 ? ran.stdout.toString("utf8").split("\0").slice(0, -1) : undefined;
}

describe("the words of a text", () => {
  test.skipIf(Bun.which("dash") === null)("are those that sh makes of it", () => {
    fc.assert(
      fc.property(text, (one) => {
        // A newline would end sh's command, and dash takes a last backslash for itself.
        fc.pre(!/(?<!\\)(?:\\\\)*\n/.test(one) && !/(?<!\\)(?:\\\\)*\\$/.test(one));
        expect(splitShellWords(one)).toEqual(wordsOfSh(one));
      }),
      { numRuns: 800 },
    );
  });

  test.each<[string, string[] | undefined]>([
    ["", []],
    [" \t\n ", []],
    ["a  b\tc\nd", ["a", "b", "c", "d"]],
    ["''", [""]],
    ["a '' b", ["a", "", "b"]],
    ["--prompt 'it is' \"so\"", ["--prompt", "it is", "so"]],
    ["a'b c'\"d e\"f\\ g", ["ab cd ef g"]],
    [String.raw`'a\\b'"c"`, [String.raw`a\\bc`]],
    [String.raw`"\$x \n \" \\"`, [String.raw`$x \n " \ `.trimEnd()]],
    ["$HOME *.ts `id` #x ; | & ~ $'x'", ["$HOME", "*.ts", "`id`", "#x", ";", "|", "&", "~", "$x"]],
    ["a\\\nb", ["ab"]],
    ["a\u00a0b", ["a\u00a0b"]],
    ["'a", undefined],
    ['"a', undefined],
    ['"a\\"', undefined],
    ["a\\", undefined],
  ])("%j", (one, words) => {
    expect(splitShellWords(one)).toEqual(words);
  });
});
