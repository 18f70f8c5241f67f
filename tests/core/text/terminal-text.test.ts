import { expect, test } from "bun:test";
import fc from "fast-check";
import { readableLines } from "../../../src/core/text/terminal-text.ts";

test.each([
  ["plain text", "one\ntwo", ["one", "two"]],
  ["colours", "\u001b[1;31mred\u001b[0m and not", ["red and not"]],
  ["a title that was set", "\u001b]0;my title\u0007text", ["text"]],
  ["a link", "\u001b]8;;http://example.com\u001b\\here\u001b]8;;\u001b\\", ["here"]],
  ["a cursor that moves", "\u001b[2J\u001b[10;5Htext\u001b[?25l", ["text"]],
  ["a progress bar", "10%\r50%\r100%\n", ["100%", ""]],
  ["a progress bar that goes on", "10%\r50%\r", ["50%"]],
  ["line ends of a terminal", "one\r\ntwo\r\r\n", ["one", "two", ""]],
  ["a line that was wiped and written again", "old\r\u001b[Knew\r\n", ["new", ""]],
  ["bells and backspaces", "a\u0007b\u0008c\u0000", ["abc"]],
  ["eight-bit controls", "a\u009b31mb\u0085", ["ab"]],
  ["direction that is turned around", "a\u202eb\u2066c", ["abc"]],
  ["tabs and other scripts", "a\tПривет 日本 🎉", ["a\tПривет 日本 🎉"]],
])("%s", (_, text, lines) => {
  expect(readableLines(text)).toEqual(lines);
});

test("no control character of any text is left, and no line is lost", () => {
  const piece = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\u001b[", "\u001b]", "\r", "\u001b", "\u009b", "x"));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      // oxlint-disable-next-line no-control-regex
      expect(readableLines(pieces.join("")).join("")).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
    }),
  );
});

test("a sequence that never ends takes no line that follows", () => {
  expect(readableLines("a\u001b]0;title without an end\nb\nc")).toEqual(["a", "b", "c"]);
});
