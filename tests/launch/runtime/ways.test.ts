import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import { RUNTIMES, type RuntimeWays } from "../../../src/model/runtimes.ts";
import { findOption, type Given, planGiven } from "../../../src/launch/runtime/ways.ts";

const HOSTILE = "You are \"bob\"\n\t$(id) `id` \\ 'x' {model} {prompt} $& ☃ \u007f\n";

interface Case {
  readonly args?: readonly string[];
  readonly variables?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly model?: string | undefined;
}

/** The argv and variables of a runtime, with the model "m" and that prompt wished for. */
function give(ways: RuntimeWays, { args = [], variables = {}, env = {}, ...wish }: Case = {}): Given {
  return planGiven(
    ways,
    { model: "m", prompt: HOSTILE, promptFile: "/state/p.md", ...wish },
    { args, variables, env: { ...env, ...variables } },
  );
}

describe("an agent of the fleet is given its model and its text", () => {
  test("by claude and pi as two options, the text as it is", () => {
    for (const ways of [RUNTIMES.claude, RUNTIMES.pi]) {
      expect(give(ways)).toEqual({
        args: ["--model", "m", "--append-system-prompt", HOSTILE],
        variables: {},
        model: "m",
        needsFile: false,
        left: [],
      });
    }
  });

  test("by codex as a string of TOML, which reads back the same whatever it holds", () => {
    const settingOf = (prompt: string) =>
      planGiven(RUNTIMES.codex, { prompt, promptFile: "/p" }, { args: [], variables: {}, env: {} }).args[1]!;
    expect(give(RUNTIMES.codex).args.slice(0, 3)).toEqual(["--model", "m", "--config"]);
    fc.assert(
      fc.property(fc.oneof(fc.constant(HOSTILE), fc.string({ unit: "grapheme" })), (prompt) => {
        expect(getStaticTOMLValue(parseTOML(settingOf(prompt)))).toEqual({ developer_instructions: prompt });
      }),
    );
  });

  test("by opencode as a file to read beside those that are named already", () => {
    const { variables, ...rest } = give(RUNTIMES.opencode, {
      env: { OPENCODE_CONFIG_CONTENT: '{"theme":"x","instructions":["a.md"]}' },
    });
    expect(rest).toEqual({ args: ["--model", "m"], model: "m", needsFile: true, left: [] });
    expect(JSON.parse(variables["OPENCODE_CONFIG_CONTENT"]!)).toEqual({ theme: "x", instructions: ["a.md", "/state/p.md"] });
    for (const env of [{}, { OPENCODE_CONFIG_CONTENT: "" }]) {
      expect(give(RUNTIMES.opencode, { env }).variables).toEqual({
        OPENCODE_CONFIG_CONTENT: '{"instructions":["/state/p.md"]}',
      });
    }
  });

  test("by any other in the words of its runtime.json, each placeholder replaced once", () => {
    const ways: RuntimeWays = {
      model: { args: ["-m={model}{model}{prompt}"], options: [] },
      prompt: { by: "args", args: ["<{prompt}>{model}"], options: [] },
      heartbeat: "own",
    };
    expect(give(ways, { model: "$&{model}" }).args).toEqual(["-m=$&{model}$&{model}{prompt}", `<${HOSTILE}>{model}`]);
  });

  test("not at all where no way is known: for the model that is told", () => {
    expect(give({ heartbeat: "wrapper" })).toEqual({
      args: [],
      variables: {},
      needsFile: false,
      left: [{ what: "model", why: "its runtime does not say how it takes a model" }],
    });
    expect(give({ heartbeat: "wrapper" }, { model: undefined }).left).toEqual([]);
  });

  test("without a model where it has no model_hint, whatever its own arguments say", () => {
    const given = give(RUNTIMES.claude, { model: undefined, args: ["--model", "x"] });
    expect(given.args).toEqual(["--append-system-prompt", HOSTILE]);
    expect(given).not.toHaveProperty("model");
  });
});

describe("the peer's own arguments go before the fleet's", () => {
  test.each<[keyof typeof RUNTIMES, Case, string]>([
    ["claude", { args: ["--model", "own"] }, "own"],
    ["claude", { args: ["--continue", "--model=own"] }, "own"],
    ["claude", { args: ["--model", "first", "--model", "own"] }, "own"],
    ["claude", { args: ["--model"] }, ""],
    ["claude", { variables: { ANTHROPIC_MODEL: "own" } }, "own"],
    ["codex", { args: ["-m", "own"] }, "own"],
    ["codex", { args: ["-mown"] }, "own"],
    ["codex", { args: ["-c", "model=own"] }, "own"],
    ["codex", { args: ["-cmodel=own"] }, "own"],
    ["codex", { args: ["--config", 'model = "own"'] }, "own"],
    ["codex", { args: ["--config=model='own'"] }, "own"],
    ["pi", { args: ["--model", "own:high"] }, "own:high"],
    ["opencode", { args: ["-m", "own"] }, "own"],
  ])("%s with %j has the model %j", (runtime, own, model) => {
    const given = give(RUNTIMES[runtime], own);
    expect(given.model).toBe(model);
    expect(given.args).not.toContain("m");
    expect(given.left).toEqual([]);
  });

  test.each<[keyof typeof RUNTIMES, Case]>([
    ["claude", { args: ["--models", "x", "--fallback-model", "x", "model=x"] }],
    ["claude", { env: { ANTHROPIC_MODEL: "x" } }],
    ["claude", { variables: { ANTHROPIC_MODEL: "" } }],
    ["codex", { args: ["-c", "model_provider=x", "--config", "review_model=x"] }],
    ["pi", { args: ["-m", "x", "--models", "x"] }],
  ])("%s with %j has the fleet's", (runtime, own) => {
    expect(give(RUNTIMES[runtime], own)).toMatchObject({
      model: "m",
      args: expect.arrayContaining(["--model", "m"]) as unknown,
    });
  });

  test.each<[keyof typeof RUNTIMES, Case, string]>([
    ["claude", { args: ["--append-system-prompt", "Be brief."] }, "it has --append-system-prompt of its own"],
    ["claude", { args: ["--append-system-prompt-file=x.md"] }, "it has --append-system-prompt-file of its own"],
    ["codex", { args: ["-c", "developer_instructions=x"] }, "it has developer_instructions of its own"],
    [
      "opencode",
      { env: { OPENCODE_CONFIG_CONTENT: "{/* mine */}" } },
      "its OPENCODE_CONFIG_CONTENT is no JSON object with a list of instructions",
    ],
    [
      "opencode",
      { env: { OPENCODE_CONFIG_CONTENT: '{"instructions":"a.md"}' } },
      "its OPENCODE_CONFIG_CONTENT is no JSON object with a list of instructions",
    ],
    [
      "opencode",
      { env: { OPENCODE_CONFIG_CONTENT: "[]" } },
      "its OPENCODE_CONFIG_CONTENT is no JSON object with a list of instructions",
    ],
  ])("%s with %j is not given the text, and that is told", (runtime, own, why) => {
    const given = give(RUNTIMES[runtime], own);
    expect(given).toMatchObject({ args: ["--model", "m"], variables: {}, needsFile: false, left: [{ what: "prompt", why }] });
  });

  test("pi adds its own text to ours", () => {
    expect(give(RUNTIMES.pi, { args: ["--append-system-prompt", "Be brief."] }).args).toContain(HOSTILE);
  });
});

test.each<[readonly string[], string | undefined]>([
  [["--model", "a"], "a"],
  [["--model=a=b"], "a=b"],
  [["-m=a"], "a"],
  [["-ma"], "a"],
  [["--modelx", "a"], undefined],
  [["a"], undefined],
])("the option's value in %j is %j", (args, value) => {
  expect(findOption(args, ["--model", "-m"])).toBe(value);
});
