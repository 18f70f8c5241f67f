// The prompts of the real claude and codex, in the states that tests/runtimes/screens recorded.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decideEnter, decidePaste } from "../../../src/launch/send/decide.ts";
import { chooseRule } from "../../../src/launch/send/prompts/prompts.ts";
import type { Screen } from "../../../src/launch/send/types.ts";
import { parseScreen } from "../../../src/launch/send/screen.ts";
import { judgeScreen } from "../../../src/launch/send/verdict.ts";
import { CLAUDE_SCENES } from "../../runtimes/support/claude-scenes.ts";
import { CODEX_SCENES } from "../../runtimes/support/codex-scenes.ts";

const SCREENS = join(import.meta.dir, "../../runtimes/screens");
const rule = (runtime: string) => chooseRule(runtime, { isLineMode: false, sign: undefined });

/** A recorded screen. Its head tells the cursor, and the look of the cursor's line. */
function load(runtime: string, state: string): Screen {
  const text = readFileSync(join(SCREENS, runtime, `${state}.txt`), "utf8");
  const [, visible, x, y] = /^cursor: (visible|hidden), x (\d+), y (\d+)$/m.exec(text)!;
  const head = text.split("\n").findIndex((line) => line.startsWith("its line: "));
  const lines = text.split("\n").slice(head + 1);
  if (lines[0] === "") lines.shift();
  const cursor = { isVisible: visible === "visible", x: Number(x), y: Number(y) };
  lines[cursor.y] = JSON.parse(text.split("\n")[head]!.slice("its line: ".length)) as string;
  return parseScreen(lines.join("\n"), cursor);
}

const SCENES = { claude: CLAUDE_SCENES, codex: CODEX_SCENES };

describe.each(["claude", "codex"] as const)("%s", (runtime) => {
  const states = SCENES[runtime].flatMap((scene) => scene.states.map(({ name, place }) => ({ name, place })));

  test.each(states)("in the state $name ($place) is told apart", ({ name, place }) => {
    const isPrompt = place === "prompt" || place === "busy";
    expect(decidePaste(rule(runtime), load(runtime, name)).kind).toBe(isPrompt ? "paste" : "refuse");
  });
});

const claude = rule("claude");
const codex = rule("codex");
const RULE = "─".repeat(60);
const HEAD = "[mill:alice -> mill:bob] ";

/** A screen of claude: what stands above, the rows of the input, the footer; the cursor is behind the "^". */
function claudeScreen(above: readonly string[], input: readonly string[], footer = ["  ⏸ manual mode on"]): Screen {
  const rows = [...above, RULE, ...input, RULE, ...footer];
  const y = rows.findIndex((row) => row.includes("^"));
  return { lines: rows.map((row) => row.replace("^", "").trimEnd()), cursor: { isVisible: false, x: rows[y]!.indexOf("^"), y } };
}

function codexScreen(above: readonly string[], input: readonly string[]): Screen {
  const rows = [...above, "", ...input, "", "  gpt default · /tmp/bob", "  ? for shortcuts"];
  const y = rows.findIndex((row) => row.includes("^"));
  return { lines: rows.map((row) => row.replace("^", "").trimEnd()), cursor: { isVisible: true, x: rows[y]!.indexOf("^"), y } };
}

const EMPTY = claudeScreen(["hi"], ["❯\u00a0^"]);
const enter = (before: Screen, after: Screen, text: string, of = claude) => {
  const decision = decidePaste(of, before);
  if (decision.kind !== "paste") throw new Error(decision.why);
  return decideEnter(of, { before, prompt: decision.prompt, after, text });
};

describe("Enter is pressed in claude", () => {
  test.each<[string, Screen, string]>([
    ["the message as it is", claudeScreen(["hi"], [`❯\u00a0${HEAD}one^`]), "one"],
    ["one of several rows", claudeScreen(["hi"], [`❯\u00a0${HEAD}one`, "", "  two three^"]), "one\n\ntwo three"],
    [
      "the word for a long one",
      claudeScreen(["hi"], ["❯\u00a0[Pasted text #3 +5 lines]^"], ["  paste again to expand"]),
      "1\n2\n3\n4\n5\n6",
    ],
    ["the word for a long line", claudeScreen(["hi"], ["❯\u00a0[Pasted text #1]^"]), "x".repeat(900)],
  ])("with %s in its prompt", (_, after, text) => {
    expect(enter(EMPTY, after, HEAD + text)).toMatchObject({ kind: "enter" });
  });

  test.each<[string, Screen, string]>([
    ["nothing yet", EMPTY, "one"],
    ["a part", claudeScreen(["hi"], [`❯\u00a0${HEAD}o^`]), "one"],
    ["more than the message", claudeScreen(["hi"], [`❯\u00a0${HEAD}one!^`]), "one"],
    ["something in front of it", claudeScreen(["hi"], [`❯\u00a0x${HEAD}one^`]), "one"],
    ["the word for another paste", claudeScreen(["hi"], ["❯\u00a0[Pasted text #3 +9 lines]^"]), "1\n2\n3\n4\n5\n6"],
    ["a menu below", claudeScreen(["hi"], [`❯\u00a0${HEAD}@a^`], ["    + .iapeer/", "    * claude (agent)"]), "@a"],
    ["shell mode", claudeScreen(["hi"], [`!\u00a0${HEAD}one^`]), "one"],
    ["no prompt any more", { lines: ["hi", RULE, "  ❯ Yes", "    No"], cursor: { isVisible: false, x: 2, y: 2 } }, "one"],
  ])("not with %s", (_, after, text) => {
    expect(enter(EMPTY, after, HEAD + text).kind).toBe("wait");
  });
});

test.each<[string, Screen, string, string]>([
  ["as it is", codexScreen(["hi"], [`› ${HEAD}one`, "", "  two^"]), "one\n\ntwo", "enter"],
  ["as a word that counts its characters", codexScreen(["hi"], ["› [Pasted Content 1225 chars]^"]), "x".repeat(1200), "enter"],
  ["as a word that counts fewer", codexScreen(["hi"], ["› [Pasted Content 1224 chars]^"]), "x".repeat(1200), "wait"],
  [
    "down to the last row, without the line with the folder",
    { lines: ["hi", "", `› ${HEAD}one`, "  two"], cursor: { isVisible: true, x: 5, y: 3 } },
    "one\ntwo",
    "enter",
  ],
  [
    "higher than the screen",
    { lines: ["  two", "", "  three"], cursor: { isVisible: true, x: 7, y: 2 } },
    "one\ntwo\n\nthree",
    "enter",
  ],
  [
    "below an arrow that tells of more",
    codexScreen(["  >_ OpenAI Codex"], ["› two          ↑", "", "  three^"]),
    "one\ntwo\n\nthree",
    "enter",
  ],
  ["as its end, without that arrow", codexScreen(["  >_ OpenAI Codex"], ["› two", "", "  three^"]), "one\ntwo\n\nthree", "wait"],
  [
    "and something else higher than the screen",
    { lines: ["  x", "", "  three"], cursor: { isVisible: true, x: 7, y: 2 } },
    "one\ntwo\n\nthree",
    "wait",
  ],
  ["below a menu", codexScreen(["  enter/tab insert · esc close"], [`› ${HEAD}@a^`]), "@a", "wait"],
])("codex, with the message %s", (_, after, text, kind) => {
  expect(enter(codexScreen(["hi"], ["› ^"]), after, HEAD + text, codex).kind).toBe(kind as "enter");
});

describe("after Enter, claude", () => {
  const filled = claudeScreen(["hi"], [`❯\u00a0${HEAD}one^`]);
  const judge = (now: Screen) => {
    const decision = enter(EMPTY, filled, `${HEAD}one`);
    if (decision.kind !== "enter") throw new Error(decision.why);
    return judgeScreen(claude, { screen: filled, prompt: decision.prompt, text: `${HEAD}one` }, now);
  };

  test.each<[string, Screen, string]>([
    ["has taken it", claudeScreen(["hi", `❯ ${HEAD}one`, "✽ Working…"], ["❯\u00a0^"]), "left"],
    ["keeps it", claudeScreen(["hi", `❯ ${HEAD}one`, "  ⎿  Queued · ctrl+x"], ["❯\u00a0^"]), "queued"],
    ["has it as before", filled, "stands"],
    ["has lost it", claudeScreen(["hi"], ["❯\u00a0^"]), "unclear"],
    ["shows another's", claudeScreen(["hi", "❯ other"], ["❯\u00a0^"]), "unclear"],
    ["asks", { lines: [RULE, ` ❯ 1. Yes ${HEAD}one`], cursor: { isVisible: false, x: 1, y: 1 } }, "unclear"],
  ])("%s", (_, now, verdict) => {
    expect(judge(now)).toBe(verdict as "left");
  });
});
