import { describe, expect, test } from "bun:test";
import { createColors } from "../../src/cli/colors.ts";
import type { Output } from "../../src/cli/output.ts";
import { openProgress, renderBar } from "../../src/cli/progress.ts";

test.each([
  [{ done: 0, failed: 0, total: 4 }, `[${"·".repeat(30)}] 0/4`],
  [{ done: 2, failed: 1, total: 4 }, `[${"█".repeat(15)}${"·".repeat(15)}] 2/4, 1 failed`],
  [{ done: 4, failed: 0, total: 4 }, `[${"█".repeat(30)}] 4/4`],
])("%j is drawn as %s", (state, bar) => {
  expect(renderBar(state)).toBe(bar);
});

describe("a bar is drawn", () => {
  const drawWith = (given: Partial<Output>, total: number): string => {
    let drawn = "";
    const output = {
      isJson: false,
      canDraw: true,
      colors: createColors(false),
      draw: (text: string) => (drawn += text),
      ...given,
    } as Output;
    const progress = openProgress(output, total);
    progress.step(true);
    progress.close();
    return drawn;
  };

  test("on a terminal, and taken away at the end", () => {
    const bars = [renderBar({ done: 0, failed: 0, total: 2 }), renderBar({ done: 1, failed: 1, total: 2 })];
    expect(drawWith({}, 2)).toBe(`\r${bars[0]}\r${bars[1]}\r\u001b[K`);
  });

  test.each([
    ["elsewhere", { canDraw: false }, 2],
    ["with --json", { isJson: true }, 2],
    ["for a single one", {}, 1],
  ])("not %s", (_, given, total) => {
    expect(drawWith(given, total)).toBe("");
  });
});
