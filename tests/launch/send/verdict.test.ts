import { describe, expect, test } from "bun:test";
import { findMark, judgeScreen, type Screen } from "../../../src/launch/send/verdict.ts";

const HEAD = "[mill:alice -> mill:bob] ";
const TEXT = `${HEAD}hello`;

/** A screen of these lines, with the cursor behind a "^", or hidden where there is none. */
function screen(...lines: string[]): Screen {
  const y = lines.findIndex((line) => line.includes("^"));
  const cursor = {
    isVisible: y !== -1,
    x: y === -1 ? 0 : Bun.stringWidth(lines[y]!.slice(0, lines[y]!.indexOf("^"))),
    y: Math.max(0, y),
  };
  return { lines: lines.map((line) => line.replace("^", "").trimEnd()), cursor };
}

/** The verdict on a screen, after what was before and what the paste made of it. */
function judge(before: Screen, pasted: Screen, now: Screen, isStill = true): string {
  const mark = findMark({ before, after: pasted, isStill, head: HEAD });
  return mark === undefined ? "not seen" : judgeScreen(mark, pasted, now);
}

describe("left: an empty input is there again", () => {
  test.each<[string, Screen, Screen, Screen]>([
    ["a prompt below the text", screen("$ ^"), screen(`$ ${TEXT}^`), screen(`$ ${TEXT}`, "$ ^")],
    [
      "a frame with the cursor in it",
      screen("hi", "│ > ^     │"),
      screen("hi", `│ > ${TEXT}^ │`),
      screen("hi", `> ${TEXT}`, "│ > ^     │"),
    ],
    [
      "a frame whose cursor is hidden",
      screen("╭──╮", "│ > │"),
      screen("╭──╮", `│ > ${TEXT} │`),
      screen(`> ${TEXT}`, "✻ at work", "╭──╮", "│ >      │"),
    ],
    ["the hint that was there before", screen("> try this"), screen(`> ${TEXT}`), screen(`  ${TEXT}`, "> try this")],
    ["another hint behind the cursor", screen("› ^try this"), screen(`› ${TEXT}^`), screen(TEXT, "› ^or that")],
    [
      "the same message was sent before",
      screen(`> ${TEXT}`, "> ^"),
      screen(`> ${TEXT}`, `> ${TEXT}^`),
      screen(`> ${TEXT}`, `> ${TEXT}`, "> ^"),
    ],
    ["half a line was typed before", screen("> half^"), screen(`> half${TEXT}^`), screen(`> half${TEXT}`, "> ^")],
    ["a word for the paste", screen("> ^"), screen("> [Pasted text #1 +3 lines]^"), screen(`> ${TEXT}`, "> ^")],
  ])("%s", (_, before, pasted, now) => {
    expect(judge(before, pasted, now)).toBe("left");
  });

  test("or no prompt was there, nothing else moved, and the text is gone", () => {
    expect(judge(screen("^"), screen(`${TEXT}^`), screen("^"))).toBe("left");
    expect(judge(screen("^"), screen(`${TEXT}^`), screen("^"), false)).toBe("unclear");
  });
});

describe("stands: the input is as it was after the paste", () => {
  test.each<[string, Screen, Screen, Screen]>([
    ["with the cursor behind the text", screen("> ^"), screen(`> ${TEXT}^`), screen(`> ${TEXT}^`)],
    [
      "while something above it went on",
      screen("a", "> ^", "help"),
      screen("a", `> ${TEXT}^`, "help"),
      screen("a", "b", `> ${TEXT}^`, "help"),
    ],
    ["a word for the paste", screen("> ^"), screen("> [Pasted text #1 +3 lines]^"), screen("> [Pasted text #1 +3 lines]^")],
  ])("%s", (_, before, pasted, now) => {
    expect(judge(before, pasted, now)).toBe("stands");
  });
});

describe("unclear:", () => {
  test.each<[string, Screen, Screen, Screen]>([
    ["a new line in the input", screen("> ^"), screen(`> ${TEXT}^`), screen(`> ${TEXT}`, "  ^")],
    ["a new line in a framed input", screen("│ ^ │"), screen(`│ ${TEXT}^ │`), screen(`│ ${TEXT} │`, "│ ^ │")],
    ["a new line of a text that has no prompt", screen("^"), screen(`${TEXT}^`), screen(TEXT, "^")],
    ["the command runs, and no prompt is back", screen("$ ^"), screen(`$ ${TEXT}^`), screen(`$ ${TEXT}`, "^")],
    [
      "an older message with the same sign is not an empty input",
      screen("> old", "> ^"),
      screen("> old", `> ${TEXT}^`),
      screen("> old", "^"),
    ],
    [
      "what stands below the input looks like a prompt",
      screen("> ^", "> help"),
      screen(`> ${TEXT}^`, "> help"),
      screen(`> ${TEXT}`, "> help", "^"),
    ],
  ])("%s", (_, before, pasted, now) => {
    expect(judge(before, pasted, now)).toBe("unclear");
  });
});

describe("not seen:", () => {
  test.each<[string, Screen, Screen, boolean]>([
    ["nothing changed", screen("> ^"), screen("> ^"), true],
    ["something moved that is not the message", screen("step 1"), screen("step 2"), false],
    ["only the frame is common", screen("│ ^"), screen("│ x^"), true],
  ])("%s", (_, before, pasted, isStill) => {
    expect(judge(before, pasted, pasted, isStill)).toBe("not seen");
  });
});
