import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { openScreen, renderFrame } from "../../src/cli/screen.ts";
import { wrapToWidth } from "../../src/cli/width.ts";

/** The lines that a terminal shows of a frame. */
function linesOf(frame: string): string[] {
  return Bun.stripANSI(frame).split("\r\n");
}

describe("a frame", () => {
  test("covers the screen from its top, and clears what is left of it", () => {
    expect(renderFrame(["one", "two"], { columns: 10, rows: 4 })).toBe("\u001b[Hone\u001b[K\r\ntwo\u001b[K\r\n\u001b[J");
  });

  test("that fills the screen does not scroll it", () => {
    expect(renderFrame(["one", "two"], { columns: 10, rows: 2 })).toBe("\u001b[Hone\u001b[K\r\ntwo\u001b[K");
  });

  test("says how much does not fit", () => {
    expect(linesOf(renderFrame(["1", "2", "3", "4"], { columns: 20, rows: 3 }))).toEqual(["1", "2", "… 2 more lines"]);
  });

  test("is never wider or higher than the screen, whatever stands in it", () => {
    const line = fc.string({
      unit: fc.constantFrom("a", "é", "说", "\u{1f600}", " ", "\u001b[31m", "\u001b[39m"),
      maxLength: 60,
      size: "max",
    });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 10 }),
        (lines, columns, rows) => {
          const shown = linesOf(renderFrame(lines, { columns: Math.max(columns, 20), rows }));
          expect(shown.length).toBeLessThanOrEqual(Math.max(rows, 1));
          for (const one of shown) expect(Bun.stringWidth(one)).toBeLessThanOrEqual(Math.max(columns, 20));
          for (const one of lines) {
            const wrapped = wrapToWidth(one, columns);
            expect(Bun.stripANSI(wrapped.join(""))).toBe(Bun.stripANSI(one));
            for (const part of wrapped) expect(Bun.stringWidth(part)).toBeLessThanOrEqual(columns);
          }
        },
      ),
    );
  });
});

test("a painted line that is too long keeps its colours on what is left of it, and no further", () => {
  expect(renderFrame(["\u001b[31municorn\u001b[39m"], { columns: 4, rows: 1 })).toBe("\u001b[H\u001b[31muni…\u001b[39m\u001b[K");
});

test("a screen gives the terminal back once, and draws nothing where nobody sees it", () => {
  const written: string[] = [];
  const screen = openScreen(
    (text) => written.push(text) > 0,
    () => ({ columns: 10, rows: 3 }),
  );
  expect(screen.draw(["a"])).toBe(true);
  screen.close();
  screen.close();
  expect(screen.draw(["b"])).toBe(false);
  expect(written).toEqual([
    "\u001b[?1049h\u001b[?25l\u001b[?7l",
    "\u001b[Ha\u001b[K\r\n\u001b[J",
    "\u001b[?7h\u001b[?25h\u001b[?1049l",
  ]);
  expect(
    openScreen(
      () => false,
      () => ({ columns: 10, rows: 3 }),
    ).draw(["a"]),
  ).toBe(false);
});
