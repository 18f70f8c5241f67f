// Output that draws, as the terminal model leaves it.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { isDrawn, renderDrawn } from "../../../src/core/text/drawn-text.ts";

const SIZE = { columns: 40, rows: 6 };
const draw = async (output: string, size = SIZE) => await renderDrawn(output, size);
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`);

describe("output is a drawing", () => {
  test.each([
    ["that goes to a place", "\u001b[10;5Htext", true],
    ["that goes up a row", "one\r\n\u001b[1Atwo", true],
    ["that clears the screen", "\u001b[2J", true],
    ["that scrolls a part of the screen", "\u001b[3;20r", true],
    ["on the alternate screen", "\u001b[?1049h", true],
    ["of colours", "\u001b[1;31mred\u001b[0m", false],
    ["of a progress bar", "10%\r\u001b[K50%", false],
    ["of a prompt that takes pastes", "\u001b[?2004h$ ls\r\n", false],
    ["of a title", "\u001b]0;a title\u0007text", false],
  ])("%s: %p %p", (_, output, expected) => {
    expect(isDrawn(output)).toBe(expected);
  });
});

describe("a drawing leaves", () => {
  test.each([
    ["what stands on the screen now", "old\u001b[2J\u001b[3J\u001b[Hnew\u001b[2;3Hmore", ["new", "  more"]],
    ["one line of a spinner", "a\r\n-\u001b[1G/\u001b[1G|\u001b[1A\u001b[1Gb", ["b", "|"]],
    [
      "the lines that scrolled off, then the screen",
      `${count(0, 9).join("\r\n")}\u001b[1A\u001b[1G!`,
      [...count(0, 7), "!ine 7", "line 8"],
    ],
    ["what was there before it was cleared, as tmux does", "one\r\ntwo\u001b[2J\u001b[Hthree", ["one", "two", "three"]],
    ["a long line whole", `\u001b[H${"ab".repeat(50)}\r\nend`, ["ab".repeat(50), "end"]],
    [
      "lines that scroll off in a region, as codex has them",
      `\u001b[1;3r\u001b[3;1H${count(0, 5).join("\r\n")}\u001b[r\u001b[6;1Hinput`,
      [...count(0, 5).flatMap((line, n) => (n === 0 ? ["", "", line] : [line])), "", "", "input"],
    ],
    ["the alternate screen behind the lines before it", "before\r\n\u001b[?1049h\u001b[Hon it", ["before", "on it"]],
    ["the lines before an alternate screen that is gone", "before\r\n\u001b[?1049h\u001b[Hon it\u001b[?1049l", ["before"]],
    [
      "the last alternate screen where there is nothing else",
      "\u001b[?1049h\u001b[Hone\u001b[2J\u001b[Htwo\u001b[?1049l",
      ["two"],
    ],
    ["wide characters in their columns", "日本🎉|\u001b[1;7H!", ["日本🎉!"]],
    ["marks on the letter that they belong to", "\u001b[Hcafe\u0301!", ["cafe\u0301!"]],
    ["no character that a terminal obeys", "\u001b[Ha\u202eb\u0085c", ["ab", "c"]],
    ["nothing, of nothing", "\u001b[2J\u001b[H", []],
  ])("%s", async (_, output, lines) => {
    expect(await draw(output)).toEqual(lines);
  });
});

const SCREENS = join(import.meta.dir, "../../runtimes/screens");

/** The rows of a recorded screen. Its head ends with the look of the cursor's line. */
function load(runtime: string, file: string): string[] {
  const lines = readFileSync(join(SCREENS, runtime, file), "utf8")
    .trimEnd()
    .split("\n");
  const head = lines.findIndex((line) => line.startsWith("its line: ")) + 1;
  return lines.slice(lines[head] === "" ? head + 1 : head).map((line) => line.trimEnd());
}

describe.each(["claude", "codex"])("the screens of %s", (runtime) => {
  const screens = readdirSync(join(SCREENS, runtime)).map((file) => load(runtime, file));
  const size = { columns: 200, rows: 60 };

  test("are what is left, in whatever order their rows are drawn over another one", async () => {
    const orders = fc.tuple(fc.constantFrom(...screens), fc.constantFrom(...screens), fc.infiniteStream(fc.nat()));
    await fc.assert(
      fc.asyncProperty(orders, async ([before, screen, order]) => {
        const paint = (rows: readonly string[]) =>
          Array.from({ length: size.rows }, (_, row) => ({ row, key: order.next().value }))
            .toSorted((one, other) => one.key - other.key)
            .map(({ row }) => `\u001b[${row + 1};1H\u001b[2K\u001b[3${row % 8}m${rows[row] ?? ""}\u001b[0m`)
            .join("");
        expect(await draw(`${paint(before)}${paint(screen)}`, size)).toEqual(
          screen.slice(0, screen.findLastIndex((line) => line !== "") + 1),
        );
      }),
      { numRuns: 10 },
    );
  });
});

test("whatever a program prints, its lines hold no control characters and end without blanks", async () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "\u001b[",
      "\u001b[2J",
      "\u001b[3;9H",
      "\u001b[?1049h",
      "\u001b[?1049l",
      "\u001b]0;",
      "\r\n",
      "\u009b",
      "\u001b[5A",
      "日",
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const lines = await draw(pieces.join(""));
      // oxlint-disable-next-line no-control-regex
      expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      expect(lines).toEqual(lines.map((line) => line.trimEnd()));
    }),
    { numRuns: 50 },
  );
});
