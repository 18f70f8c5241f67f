import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseCall, parseCount } from "../../src/cli/call.ts";
import { defineVerb, type Verb } from "../../src/cli/verb.ts";
import { errorOf } from "../support/scratch.ts";

const options = {
  text: { type: "string", help: "", mayBeEmpty: true },
  word: { type: "string", help: "", choices: ["one", "two"] },
  many: { type: "string", help: "", multiple: true },
  flag: { type: "boolean", help: "" },
} as const;
const base = {
  name: "try",
  summary: "",
  options,
  positionals: [{ name: "first", help: "it" }],
  examples: [],
  run: async () => 0,
};
const verb = defineVerb(base);
const withRest: Verb = { ...verb, rest: { name: "COMMAND", help: "" } };
const withMany: Verb = { ...verb, positionals: [{ name: "names", help: "", isMany: true, choices: ["a", "b"] }] };

describe("parseCall reads", () => {
  test.each([
    [["x"], { positionals: ["x"], values: {} }],
    [["--flag", "x", "--text", "v"], { positionals: ["x"], values: { flag: true, text: "v" } }],
    [["x", "--text=v=w"], { values: { text: "v=w" } }],
    [["x", "--text="], { values: { text: "" } }],
    [["x", "--text", ""], { values: { text: "" } }],
    [["x", "--text", "-"], { values: { text: "-" } }],
    [["x", "--text", "- y"], { values: { text: "- y" } }],
    [["x", "--text=--flag"], { values: { text: "--flag" } }],
    [["x", "--many", "a", "--many=b"], { values: { many: ["a", "b"] } }],
    [["x", "--flag", "--flag"], { values: { flag: true } }],
    [["--text", "v", "--", "--flag"], { positionals: ["--flag"], values: { text: "v" } }],
    [["x", "--json", "--root", "r"], { isJson: true, root: "r", values: {} }],
    [["-h"], { wantsHelp: true }],
    [["--help", "x", "y", "z"], { wantsHelp: true }],
  ])("%j", (words, call) => {
    expect(parseCall(verb, words)).toMatchObject(call);
  });

  test("what stands after -- as it is, for a verb that takes it", () => {
    const call = parseCall(withRest, ["x", "--", "cmd", "--flag", "--", "-z"]);
    expect(call).toMatchObject({ positionals: ["x"], rest: ["cmd", "--flag", "--", "-z"], values: {} });
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

test("whatever the words, a call is read or refused as wrong, and never anything else", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "--text",
      "--word",
      "--many",
      "--flag",
      "--json",
      "--root",
      "-h",
      "--",
      "-",
      "--text=",
      "--flag=1",
      "one",
      "-x",
      "__proto__",
      "--__proto__",
    ),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), fc.constantFrom(verb, withRest, withMany), (words, one) => {
      try {
        const { values } = parseCall(one, words);
        for (const name of Object.keys(values)) expect(Object.keys(options)).toContain(name);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
      }
    }),
    { numRuns: 500 },
  );
});

test("a value comes through as it was, whichever way it is written", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      expect(parseCall(verb, ["x", `--text=${value}`]).values["text"]).toBe(value);
      if (!value.startsWith("-")) expect(parseCall(verb, ["--text", value, "x"]).values["text"]).toBe(value);
      expect(parseCall(withRest, ["x", "--", value]).rest).toEqual([value]);
    }),
    { numRuns: 300 },
  );
});

describe("parseCount", () => {
  const bounds = { min: 1, max: 256 };

  test.each([
    ["1", 1],
    ["256", 256],
    ["007", 7],
  ])("%s", (text, count) => {
    expect(parseCount(verb, "jobs", text, bounds)).toBe(count);
  });

  test.each(["0", "257", "-1", "1.5", "1e2", "0x10", " 1", "one", "9".repeat(400), "٣"])("refuses %p", (text) => {
    expect(errorOf(() => parseCount(verb, "jobs", text, bounds)).code).toBe("usage");
  });

  test("undefined stays", () => {
    expect(parseCount(verb, "jobs", undefined, bounds)).toBeUndefined();
  });
});
