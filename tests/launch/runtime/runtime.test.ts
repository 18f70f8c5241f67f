import { describe, expect, test } from "bun:test";
import { RUNTIMES } from "../../../src/model/runtimes.ts";
import { planCommand } from "../../../src/launch/runtime/runtime.ts";

const found = {
  program: { argv: ["/bin/claude"], ways: RUNTIMES.claude },
  variables: { A: "1" },
  startArgs: ["--continue"],
};
const request = { args: ["--call"], promptFile: "/state/p.md", env: {} };
const member = { model: "opus", prompt: "You are bob.", iapeer: ["/bin/iapeer", "--root", "/r"] };

describe("the command of a launch", () => {
  test("is the program, the arguments of launch.env and those of the call for a peer of no fleet", () => {
    expect(planCommand(found, request)).toEqual({
      argv: ["/bin/claude", "--continue", "--call"],
      wrapper: [],
      variables: { A: "1" },
      needsFile: false,
      unmet: [],
    });
  });

  test("has the fleet's model and text before the peer's own arguments, and beats with a wrapper", () => {
    const { argv, wrapper, model } = planCommand(found, { ...request, member });
    expect(argv.join(" ")).toBe("/bin/claude --model opus --append-system-prompt You are bob. --continue --call");
    expect(model).toBe("opus");
    expect(wrapper.at(-1)).toContain("/bin/iapeer");
  });

  test("has no wrapper for a runtime that beats by itself", () => {
    const own = { ...found, program: { ...found.program, ways: { heartbeat: "own" as const } } };
    expect(planCommand(own, { ...request, member })).toMatchObject({
      argv: ["/bin/claude", "--continue", "--call"],
      wrapper: [],
      unmet: [{ what: "model", why: "its runtime does not say how it takes a model" }],
    });
  });

  test("leaves the model of the call alone, though the fleet names another", () => {
    const { argv, model } = planCommand(found, { ...request, args: ["--model", "haiku"], member });
    expect([argv.includes("opus"), model]).toEqual([false, "haiku"]);
  });
});
