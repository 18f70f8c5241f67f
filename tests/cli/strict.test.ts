import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseArgs } from "citty";
import { parseCall } from "../../src/cli/strict.ts";
import { defineVerb, type Verb } from "../../src/cli/verb.ts";
import { errorOf } from "../support/scratch.ts";

const options = {
  text: { type: "string", alias: "m", description: "", mayBeEmpty: true },
  word: { type: "enum", description: "", options: ["one", "two"] },
  many: { type: "string", description: "", repeatable: true },
  flag: { type: "boolean", description: "" },
  care: { type: "boolean", default: true, description: "", negativeDescription: "" },
} as const;
const first = { type: "positional", description: "it" } as const;
const base = { meta: { name: "try", description: "" }, examples: [], run: async () => 0 };
const optionArgs = { ...options, word: { ...options.word, options: [...options.word.options] } };
const verb = defineVerb({ ...base, args: { first, ...optionArgs } });
const withRest: Verb = { ...verb, rest: { name: "COMMAND", description: "" } };
const withMany = defineVerb({
  ...base,
  args: { names: { ...first, repeatable: true, choices: ["a", "b"] }, ...optionArgs },
});
const withNeeds = defineVerb({
  ...base,
  args: { word: { ...optionArgs.word, required: true }, text: { ...options.text, required: true } },
  rest: { name: "COMMAND", description: "", required: true },
});

describe("parseCall reads", () => {
  test.each([
    [["x"], { args: { first: "x", flag: false, care: true } }],
    [["--flag", "x", "--text", "v"], { args: { first: "x", flag: true, text: "v" } }],
    [["x", "--text=v=w"], { args: { text: "v=w" } }],
    [["x", "--text="], { args: { text: "" } }],
    [["x", "--text", ""], { args: { text: "" } }],
    [["x", "--text", "-"], { args: { text: "-" } }],
    [["x", "--text", "- y"], { args: { text: "- y" } }],
    [["x", "--text=--flag"], { args: { text: "--flag" } }],
    [["x", "--many", "a", "--many=b"], { args: { many: ["a", "b"] } }],
    [["x", "--flag", "--flag"], { args: { flag: true } }],
    [["x", "--no-care"], { args: { care: false } }],
    [["x", "--care"], { args: { care: true } }],
    [["x", "-m", "v"], { args: { text: "v" } }],
    [["x", "-mv"], { args: { text: "v" } }],
    [["x", "-m", "- y"], { args: { text: "- y" } }],
    [["--text", "v", "--", "--flag"], { args: { first: "--flag", flag: false, text: "v" } }],
    [["x", "--json", "--root", "r"], { isJson: true, root: "r", args: {} }],
    [["-h"], { wantsHelp: true }],
    [["--help", "x", "y", "z"], { wantsHelp: true }],
  ])("%j", (words, call) => {
    expect(parseCall(verb, words)).toMatchObject(call);
  });

  test("several arguments as one value", () => {
    expect(parseCall(withMany, ["a", "b", "a"])).toMatchObject({ args: { names: ["a", "b", "a"] } });
  });

  test("what stands after -- as it is, for a verb that takes it", () => {
    const call = parseCall(withRest, ["x", "--", "cmd", "--flag", "--", "-z"]);
    expect(call).toMatchObject({ rest: ["cmd", "--flag", "--", "-z"], args: { first: "x", flag: false } });
  });
});

describe("parseCall refuses", () => {
  test.each([
    [[], "try needs <first> (it)"],
    [["x", "y"], 'try does not take "y"'],
    [[""], "<first> is empty"],
    [["x", "--colour"], "try has no option --colour"],
    [["x", "--colour=red"], "try has no option --colour"],
    [["x", "--no-flag"], "try has no option --no-flag"],
    [["x", "--no-text"], "try has no option --no-text"],
    [["x", "--no-care", "--care"], "--care and --no-care do not go together"],
    [["x", "--care", "--no-care"], "--care and --no-care do not go together"],
    [["x", "--no-care=1"], "--no-care takes no value"],
    [["x", "-m", "a", "--text", "a"], "--text is given twice"],
    [["x", "--word", "one", "--word", "one"], "--word is given twice"],
    [["x", "--constructor"], "try has no option --constructor"],
    [["x", "-z"], "try has no option -z"],
    [["x", "-hz"], "try has no option -z"],
    [["x", "--flag=1"], "--flag takes no value"],
    [["x", "--help=1"], "--help takes no value"],
    [["x", "--text"], "--text needs a value"],
    [["x", "--text", "--flag"], "--text needs a value"],
    [["x", "--text", "--"], "--text needs a value"],
    [["x", "--text", "a", "--text", "a"], "--text is given twice"],
    [["x", "--word="], "--word is empty"],
    [["x", "--many", "a", "--many="], "--many is empty"],
    [["x", "--root="], "--root is empty"],
    [["x", "--word", "onee"], '--word does not take "onee"'],
  ])("%j: %s", (words, message) => {
    expect(errorOf(() => parseCall(verb, words))).toMatchObject({ code: "usage", message });
  });

  test("each of several arguments that is not one of the choices", () => {
    expect(errorOf(() => parseCall(withMany, ["a", "b", "c"])).message).toBe('<names> does not take "c"');
  });

  test.each([
    [[], "try needs --word ()", "one of: one, two"],
    [["--word", "one"], "try needs --text ()", "see: iapeer try --help"],
    [["--word", "one", "--text", "v"], "try needs COMMAND after --", "see: iapeer try --help"],
    [["--word", "one", "--text", "v", "--"], "try needs COMMAND after --", "see: iapeer try --help"],
  ])("%j where an option or a command is needed: %s", (words, message, hint) => {
    expect(errorOf(() => parseCall(withNeeds, words))).toMatchObject({ code: "usage", message, hint });
  });

  test.each([
    [["x", "--no-cre"], "did you mean --no-care?"],
    [["x", "--tex", "v"], "did you mean --text?"],
    [["x", "-text"], "did you mean --text?"],
    [["x", "--word", "onee"], "did you mean one?"],
    [["x", "--word", "elephant"], "one of: one, two"],
    [["x", "--text", "--flag"], "if --flag is the value: --text=--flag"],
    [["x", "y"], "see: iapeer try --help"],
  ])("%j with the hint: %s", (words, hint) => {
    expect(errorOf(() => parseCall(verb, words)).hint).toBe(hint);
  });
});

const word = fc.oneof(
  fc.constantFrom(
    "--text",
    "--word",
    "--many",
    "--flag",
    "--care",
    "--no-care",
    "--json",
    "--root",
    "-h",
    "-m",
    "-mx",
    "-m-",
    "--",
    "-",
    "--text=",
    "--many=--no-care",
    "--flag=1",
    "one",
    "-x",
    "--no-\u00e9",
    "__proto__",
    "--__proto__",
    "--no-",
    "- no",
  ),
  fc.string({ unit: "binary" }),
);

test("whatever the words, a call is read or refused as wrong, and never anything else", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), fc.constantFrom(verb, withRest, withMany), (words, one) => {
      try {
        const { args } = parseCall(one, words);
        for (const name of Object.keys(args)) expect(Object.keys(one.args)).toContain(name);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
      }
    }),
    { numRuns: 500 },
  );
});

test("citty reads a call that passed as it was checked", () => {
  const right = fc.constantFrom("x", "--text=v", "--many=a", "--flag", "--no-care", "--care", "-mv", "--word=one", "--text=- no");
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: right }, word), { maxLength: 5 }), (words) => {
      const call = tryParse(() => parseCall(verb, words));
      if (call === undefined || call.wantsHelp) return;
      const args = parseArgs([...call.words], verb.args);
      const last = Object.entries(call.args).map(([name, value]) => [name, [value].flat().at(-1)]);
      expect(Object.fromEntries(last.map(([name]) => [name, args[name as string] ?? false]))).toEqual(Object.fromEntries(last));
    }),
    { numRuns: 2000 },
  );
});

function tryParse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

test("a value comes through as it was, whichever way it is written", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      expect(parseCall(verb, ["x", `--text=${value}`]).args["text"]).toBe(value);
      if (!value.startsWith("-")) expect(parseCall(verb, ["--text", value, "x"]).args["text"]).toBe(value);
      expect(parseCall(withRest, ["x", "--", value]).rest).toEqual([value]);
    }),
    { numRuns: 300 },
  );
});
