import { describe, expect, test } from "bun:test";
import { openOutput } from "../../src/cli/output.ts";
import { startFixture } from "../support/fixtures.ts";

const TERMINAL = { isOutTerminal: true, isErrTerminal: true };
const PIPE = { isOutTerminal: false, isErrTerminal: false };

describe("colours", () => {
  test.each([
    ["on a terminal", {}, TERMINAL, true],
    ["on a terminal with an empty NO_COLOR", { NO_COLOR: "" }, TERMINAL, true],
    ["not with NO_COLOR", { NO_COLOR: "1" }, TERMINAL, false],
    ["not on a dumb terminal", { TERM: "dumb" }, TERMINAL, false],
    ["not into a pipe", {}, PIPE, false],
    ["not into a pipe while stderr is a terminal", {}, { isOutTerminal: false, isErrTerminal: true }, false],
  ])("%s", (_, env, streams, isColored) => {
    expect(openOutput(false, env, streams).colors.red("x") !== "x").toBe(isColored);
  });
});

test("a progress line is drawn where stderr is a terminal that can redraw", () => {
  expect(openOutput(false, {}, { isOutTerminal: false, isErrTerminal: true }).canDraw).toBe(true);
  expect(openOutput(false, {}, { isOutTerminal: true, isErrTerminal: false }).canDraw).toBe(false);
  expect(openOutput(false, { TERM: "dumb" }, TERMINAL).canDraw).toBe(false);
});

test("nothing is cut to a width where results do not go to a terminal", () => {
  expect(openOutput(false, {}, { isOutTerminal: false, isErrTerminal: true }).width()).toBeUndefined();
});

describe("what is printed", () => {
  const print = async (isJson: boolean, ...calls: readonly (readonly [method: string, ...args: unknown[]])[]) => {
    const script = startFixture("output-calls.ts", [isJson ? "json" : "text", JSON.stringify(calls)]);
    const [stdout, stderr] = await Promise.all([script.stdout.text(), script.stderr.text(), script.exited]);
    return { stdout, stderr };
  };

  test("a result is JSON with --json, else text that ends in one newline", async () => {
    const calls = [
      ["result", [1], "one"],
      ["result", [2], ""],
      ["text", "page"],
    ] as const;
    expect((await print(true, ...calls)).stdout).toBe("[\n  1\n]\n[\n  2\n]\npage\n");
    expect((await print(false, ...calls)).stdout).toBe("one\npage\n");
  });

  test("an error is one line of JSON, or a sentence and a hint; notes and warnings are for people, on stderr", async () => {
    const error = { code: "usage", message: "a\nb", hint: "c" };
    const calls = [
      ["error", error],
      ["warn", "w\u001b[0m"],
      ["note", "n\nm"],
    ] as const;
    expect(await print(true, ...calls)).toEqual({
      stdout: "",
      stderr: '{"error":{"code":"usage","message":"a\\nb","hint":"c"}}\nwarning: w?[0m\nn\nm\n',
    });
    expect((await print(false, ...calls)).stderr).toStartWith("error: a b\nhint: c\nwarning: ");
  });

  test("a large result reaches a slow reader whole", async () => {
    const { stdout } = await print(false, ["long", 5_000_000]);
    expect(stdout).toHaveLength(5_000_001);
  });
});
