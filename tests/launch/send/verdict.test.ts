import { describe, expect, test } from "bun:test";
import { decideEnter, decidePaste } from "../../../src/launch/send/decide.ts";
import { declaredRule, generalRule } from "../../../src/launch/send/prompts/general.ts";
import type { PromptRule } from "../../../src/launch/send/prompts/types.ts";
import type { Screen } from "../../../src/launch/send/types.ts";
import { judgeScreen } from "../../../src/launch/send/verdict.ts";
import { screen } from "../../support/screens.ts";

const TEXT = "[mill:alice -> mill:bob] hello";

/** The verdict on a screen, after what was before and what the paste made of it. */
function judge(before: Screen, pasted: Screen, now: Screen, rule: PromptRule = generalRule): string {
  const decision = decidePaste(rule, before);
  if (decision.kind === "refuse") return decision.why;
  const enter = decideEnter(rule, { before, prompt: decision.prompt, after: pasted, text: TEXT });
  if (enter.kind === "wait") return enter.why;
  return judgeScreen(rule, { screen: pasted, prompt: enter.prompt, text: TEXT }, now);
}

describe("left: the prompt is empty again, and the message stands above it", () => {
  test.each<[string, Screen, Screen, Screen]>([
    ["a prompt below the text", screen("$ ^"), screen(`$ ${TEXT}^`), screen(`$ ${TEXT}`, "$ ^")],
    [
      "a frame with the cursor in it",
      screen("hi", "│ > ^     │"),
      screen("hi", `│ > ${TEXT}^ │`),
      screen("hi", `> ${TEXT}`, "│ > ^     │"),
    ],
    [
      "the same message was sent before",
      screen(`> ${TEXT}`, "> ^"),
      screen(`> ${TEXT}`, `> ${TEXT}^`),
      screen(`> ${TEXT}`, `> ${TEXT}`, "> ^"),
    ],
  ])("%s", (_, before, pasted, now) => {
    expect(judge(before, pasted, now)).toBe("left");
  });

  test("or its prompt is declared, and is empty again", () => {
    expect(judge(screen("^"), screen(`${TEXT}^`), screen("^"), declaredRule(""))).toBe("left");
  });
});

test.each<[string, Screen, Screen, Screen]>([
  ["as it was", screen("> ^"), screen(`> ${TEXT}^`), screen(`> ${TEXT}^`)],
  ["below more text", screen("a", "> ^", "help"), screen("a", `> ${TEXT}^`, "help"), screen("a", "b", `> ${TEXT}^`, "help")],
])("stands: the prompt holds the message %s", (_, before, pasted, now) => {
  expect(judge(before, pasted, now)).toBe("stands");
});

describe("unclear:", () => {
  test.each<[string, Screen, Screen, Screen]>([
    ["a new line in the input", screen("> ^"), screen(`> ${TEXT}^`), screen(`> ${TEXT}`, "  ^")],
    ["the command runs, and no prompt is back", screen("$ ^"), screen(`$ ${TEXT}^`), screen(`$ ${TEXT}`, "^")],
    ["another prompt with the same sign", screen("> old", "> ^"), screen("> old", `> ${TEXT}^`), screen("> old", "> ^")],
    ["the cursor is gone", screen("> ^"), screen(`> ${TEXT}^`), screen(`> ${TEXT}`, ">")],
  ])("%s", (_, before, pasted, now) => {
    expect(judge(before, pasted, now)).toBe("unclear");
  });
});
