import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decideEnter, decidePaste } from "../../../src/launch/send/decide.ts";
import { claudeRule } from "../../../src/launch/send/prompts/claude.ts";
import { codexRule } from "../../../src/launch/send/prompts/codex.ts";
import { declaredRule, generalRule, lineRule } from "../../../src/launch/send/prompts/general.ts";
import { splitAt, squeeze } from "../../../src/core/text/screen-text.ts";
import type { PromptRule } from "../../../src/launch/send/prompts/types.ts";
import type { Screen } from "../../../src/launch/send/types.ts";
import { screen } from "../../support/screens.ts";

const kindOf = (rule: PromptRule, ...lines: string[]) => decidePaste(rule, screen(...lines)).kind;
const HEAD = "[mill:alice -> mill:bob] ";

describe("a program that reads keys is at an empty prompt", () => {
  test.each([
    [["> ^"]],
    [["❯ ^"]],
    [["$ ^"]],
    [[">>> ^"]],
    [["me@mill:~/app$ ^"]],
    [["[me@mill app]$ ^"]],
    [["root@mill:/# ^"]],
    [["ready> ^"]],
    [["irb(main):001:0> ^"]],
    [["What do you need?", "", "> ^", "? for help"]],
    [["│ > ^        │"]],
    [[`> ${HEAD}are you there?`, "> ^"]],
  ])("at %p", (lines) => {
    expect(kindOf(generalRule, ...lines)).toBe("paste");
  });

  test.each([
    [["^"]],
    [["> half^"]],
    [["> ^ half"]],
    [["$ echo x >^"]],
    [["$ echo x > ^"]],
    [["Proceed? [y/N] ^"]],
    [["Proceed? > ^"]],
    [["Name: ^"]],
    [["Password: ^"]],
    [["(reverse-i-search)`': ^"]],
    [["bck-i-search: _^"]],
    [["/^"]],
    [[":^"]],
    [["! ^"]],
    [["# ^"]],
    [["Delete all?", "> ^"]],
    [["Continue? (y/n)", "", "> ^"]],
    [["❯ 1. Yes", "  2. No", "> ^"]],
    [["> ^", "  1) yes", "  2) no"]],
    [["Press Enter to continue", "> ^"]],
    [["$ cat <<END", "> ^"]],
    [["~", "~", "-- INSERT --^"]],
    [["> no cursor"]],
  ])("not at %p", (lines) => {
    expect(kindOf(generalRule, ...lines)).toBe("refuse");
  });
});

describe("a program that reads lines", () => {
  test.each([[["^"]], [["ready", "^"]], [["ready> ^"]], [["heard x", "^"]]])("may be written to at %p", (lines) => {
    expect(kindOf(lineRule, ...lines)).toBe("paste");
  });

  test.each([
    [["half^"]],
    [["Proceed? [y/N] ^"]],
    [["Proceed? [y/N]", "^"]],
    [["Shall I go on?", "^"]],
    [["Name: ^"]],
    [["Choice [1]: ^"]],
    [["Press Enter to continue", "^"]],
    [["Enter your passphrase:", "^"]],
    [["#? ^"]],
  ])("is not written to at %p", (lines) => {
    expect(kindOf(lineRule, ...lines)).toBe("refuse");
  });
});

test("a declared sign is the prompt, and no other line is", () => {
  expect(kindOf(declaredRule("Name:"), "Who are you?", "Name: ^")).toBe("paste");
  expect(kindOf(declaredRule("Name:"), "Name: half^")).toBe("refuse");
  expect(kindOf(declaredRule("Name:"), "Proceed? [y/N] ^")).toBe("refuse");
  expect(kindOf(declaredRule(""), "^")).toBe("paste");
  expect(kindOf(declaredRule(""), "> ^")).toBe("refuse");
});

describe("Enter", () => {
  const decide = (before: Screen, after: Screen, text: string) => {
    const decision = decidePaste(generalRule, before);
    if (decision.kind === "refuse") throw new Error(decision.why);
    return decideEnter(generalRule, { before, prompt: decision.prompt, after, text });
  };

  test.each<[string, Screen, Screen, string]>([
    ["the whole message", screen("> ^"), screen("> one two^"), "one two"],
    ["several rows", screen("> ^"), screen("> one", "  two^"), "one\ntwo"],
    ["its end, when it is longer than the screen", screen("> ^"), screen("two", "  three^"), "one\ntwo\nthree"],
    ["a row with the sign of the prompt", screen("> ^"), screen("> one", "> two^"), "one\n> two"],
    ["a word for a paste", screen("> ^"), screen("> [Pasted text #1 +3 lines]^"), "1\n2\n3\n4"],
    ["a screen that scrolls", screen("a", "b", "> ^"), screen("b", "c", "> one^"), "one"],
    ["a spinner beside it", screen("⠋ 12 s", "> ^"), screen("⠙ 13 s", "> one^"), "one"],
  ])("is pressed at %s", (_, before, after, text) => {
    expect(decide(before, after, text)).toMatchObject({ kind: "enter" });
  });

  test.each<[string, Screen, Screen, string]>([
    ["nothing of it", screen("> ^"), screen("> ^"), "one"],
    ["a part", screen("> ^"), screen("> on^"), "one"],
    ["something in front", screen("> ^"), screen("> xone^"), "one"],
    ["something behind", screen("> ^"), screen("> onex^"), "one"],
    ["something behind the cursor", screen("> ^"), screen("> one^x"), "one"],
    ["another prompt", screen("> ^"), screen("Proceed? one^"), "one"],
    ["a word for a paste of one short line", screen("> ^"), screen("> [Pasted text #1]^"), "one"],
    ["a list below", screen("> ^"), screen("> one^", "  a.ts", "  b.ts"), "one"],
    ["a list that shrank", screen("a", "b", "c", "> ^"), screen("a", "> one^"), "one"],
    ["a question above", screen("> ^"), screen("Delete all? [y/N]", "> one^"), "one"],
    ["no cursor", screen("> ^"), screen("> one"), "one"],
  ])("is not pressed at %s", (_, before, after, text) => {
    expect(decide(before, after, text)).toMatchObject({ kind: "wait" });
  });
});

describe("for every screen", () => {
  const RULE = "─".repeat(20);
  const line = fc.oneof(
    fc.constantFrom(
      "",
      "> ",
      "❯\u00a0",
      "› ",
      "! ",
      "one two",
      "  one two",
      "> one two",
      "❯\u00a0one two",
      "› one two",
      "  three",
      "Proceed? [y/N] ",
    ),
    fc.constantFrom(
      RULE,
      "  gpt default · /tmp/bob",
      "  ? for shortcuts",
      "  ⏸ manual mode on",
      "  ❯ 1. Yes",
      "> [Pasted text #1 +2 lines]",
      "x",
    ),
    fc.string({ maxLength: 6 }),
  );
  const anyScreen = fc
    .record({ lines: fc.array(line, { minLength: 1, maxLength: 7 }), x: fc.nat(14), y: fc.nat(6), isVisible: fc.boolean() })
    .map(({ lines, x, y, isVisible }): Screen => ({
      lines: lines.map((one) => one.trimEnd()),
      cursor: { isVisible, x, y: Math.min(y, lines.length - 1) },
    }));
  const rules: readonly (readonly [string, PromptRule])[] = [
    ["any program", generalRule],
    ["a reader of lines", lineRule],
    ["a declared sign", declaredRule(">")],
    ["claude", claudeRule],
    ["codex", codexRule],
  ];

  /** Empty prompts of each rule, so that most screens are looked at after one. */
  const befores: Screen[] = [
    screen("> ^"),
    { ...screen(RULE, "❯\u00a0^", RULE), cursor: { isVisible: false, x: 2, y: 1 } },
    screen("› ^", "", "  gpt default · /tmp/bob"),
  ];

  /** Those prompts after a paste, as it is or with a line more, less or changed, or the cursor elsewhere. */
  const filled = fc
    .record({
      at: fc.nat(2),
      rows: fc.constantFrom(
        ["one two"],
        ["one two", "  three"],
        ["one two", "", "  three"],
        ["one tw"],
        ["xone two"],
        ["one two", "  threex"],
      ),
      edits: fc.array(fc.record({ kind: fc.nat(4), row: fc.nat(4), line, x: fc.nat(12) }), { maxLength: 2 }),
    })
    .map(({ at, rows, edits }): Screen => {
      const before = befores[at]!;
      const { x, y, isVisible } = before.cursor;
      const sign = before.lines[y]!.slice(0, 2).padEnd(2);
      const input = rows.map((row, index) => (index === 0 ? sign + row : row));
      const lines = [...before.lines.slice(0, y), ...input, ...before.lines.slice(y + 1)];
      const cursor = { isVisible, y: y + rows.length - 1, x: rows.length > 1 ? rows.at(-1)!.length : x + (rows[0]?.length ?? 0) };
      for (const edit of edits) {
        if (edit.kind === 0) lines.splice(edit.row, 1, edit.line);
        else if (edit.kind === 1) lines.splice(edit.row, 0, edit.line);
        else if (edit.kind === 2 && lines.length > 1) lines.splice(edit.row, 1);
        else if (edit.kind === 3) cursor.x = edit.x;
        else cursor.y = edit.row;
      }
      return {
        lines: lines.map((one) => one.replace(/ +$/, "")),
        cursor: { ...cursor, y: Math.min(cursor.y, lines.length - 1) },
      };
    });

  test.each(rules)("of %s a paste is decided at a line without typed text only", (_, rule) => {
    fc.assert(
      fc.property(anyScreen, (one) => {
        const decision = decidePaste(rule, one);
        if (decision.kind === "refuse") return true;
        const [sign] = splitAt(one.lines[decision.prompt.top] ?? "", one.cursor.x);
        return decision.prompt.typed === "" && one.cursor.y === decision.prompt.top && !/one|two|three|x\s*$/.test(sign);
      }),
      { numRuns: 3000 },
    );
  });

  test.each(rules)("of %s Enter is decided only where our text stands alone behind the sign", (_, rule) => {
    const text = fc.constantFrom("one two", "one two\nthree", "one two\n\nthree");
    fc.assert(
      fc.property(fc.oneof(anyScreen, filled), text, fc.constantFrom(...befores), (after, ours, before) => {
        const decision = decidePaste(rule, before);
        if (decision.kind === "refuse") return true;
        const enter = decideEnter(rule, { before, prompt: decision.prompt, after, text: ours });
        if (enter.kind === "wait") return true;
        const { top, bottom } = enter.prompt;
        const rows = after.lines.slice(Math.max(0, top), bottom + 1);
        const shown = squeeze(rows.join("\n")).replace(/^[>❯›]/u, "");
        return top === -1 ? squeeze(ours).endsWith(shown) : shown === squeeze(ours) || shown.startsWith("[Pasted");
      }),
      { numRuns: 3000 },
    );
  });
});
