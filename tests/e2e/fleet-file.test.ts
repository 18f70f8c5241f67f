import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { errorLine, modeOf, ok } from "../support/calls.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

let box: Sandbox;
beforeEach(() => {
  box = openSandbox();
});
afterEach(() => box[Symbol.dispose]());

const PROFILES = ["general", "coding", "research", "hybrid", "minimal", "canary"];
const BROKEN =
  "version: 1\npolicy: none\nagents:\n  - { name: a, class: tester, runtime: cluade }\n  - { name: b, clas: tester }\n";

describe("fleet init", () => {
  test.each(PROFILES)("--profile %s prints a file in which fleet check finds nothing, and makes none", async (profile) => {
    const { stdout, stderr } = await ok(box, "fleet", "init", "--profile", profile);
    expect(stderr).toBe("");
    expect(existsSync(box.root)).toBe(false);
    box.write("printed.yaml", stdout);
    expect(await box.json("fleet", "check", "printed.yaml")).toEqual({ ok: true, file: "printed.yaml", problems: [] });
  });

  test("--write makes the root's own, for its owner alone, and never writes over it", async () => {
    const path = `${box.root}/fleet.yaml`;
    const { stdout } = await ok(box, "fleet", "init", "--profile", "coding", "--write");
    expect(stdout).toBe(`wrote ${path}\n`);
    expect([modeOf(path), modeOf(box.root)]).toEqual(["0600", "0700"]);
    const before = readFileSync(path, "utf8");
    const again = await box.iapeer("fleet", "init", "--profile", "general", "--write", "--json");
    expect({ status: again.status, code: errorLine(again).code }).toEqual({ status: 4, code: "fleet-exists" });
    expect(readFileSync(path, "utf8")).toBe(before);
    expect((await ok(box, "fleet", "check")).stdout).toBe(`${path}: 5 agents, no problems\n`);
  });

  test("a link that leads nowhere is not written through", async () => {
    symlinkSync("elsewhere.yaml", `${box.folder}/link.yaml`);
    const { status } = await box.iapeer("fleet", "init", "--profile", "minimal", "--write", "--file", "link.yaml");
    expect(status).toBe(4);
    expect(existsSync(`${box.folder}/elsewhere.yaml`)).toBe(false);
  });

  test("the file is --file, else IAPEER_FLEET, else the root's", async () => {
    const env = { IAPEER_FLEET: `${box.folder}/named.yaml` };
    expect((await box.iapeerWith(env, "fleet", "init", "--profile", "minimal", "--write")).stdout).toBe(
      `wrote ${box.folder}/named.yaml\n`,
    );
    expect((await box.iapeerWith(env, "fleet", "init", "--profile", "minimal", "--write", "--file", "own.yaml")).stdout).toBe(
      `wrote ${box.folder}/own.yaml\n`,
    );
    expect((await box.iapeerWith(env, "fleet", "check")).stdout).toBe(`${box.folder}/named.yaml: 1 agent, no problems\n`);
  });

  test("--file without --write says that nothing was written", async () => {
    const { stderr, stdout } = await ok(box, "fleet", "init", "--profile", "minimal", "--file", "own.yaml");
    expect(stderr).toContain("add --write");
    expect(stdout).toContain("agents:");
    expect(existsSync(`${box.folder}/own.yaml`)).toBe(false);
  });

  test.each([[[]], [["--profile", "general "]], [["--profile", "everything"]]])("%j is no call: exit 2", async (args) => {
    expect((await box.iapeer("fleet", "init", ...args)).status).toBe(2);
  });

  test("--json says what was written where", async () => {
    expect(await box.json("fleet", "init", "--profile", "minimal")).toEqual({
      profile: "minimal",
      file: `${box.root}/fleet.yaml`,
      written: false,
      text: expect.stringContaining("agents:") as unknown,
    });
  });
});

describe("fleet check", () => {
  test("tells every problem in lines as compilers do, with what to do about it: exit 2", async () => {
    box.write("fleet.yaml", BROKEN);
    const { stdout, status } = await box.iapeer("fleet", "check", "fleet.yaml");
    expect(status).toBe(2);
    expect(stdout.split("\n")).toEqual([
      'fleet.yaml:4:40: error: this host has no runtime "cluade" (fleet-unknown-runtime)',
      "  hint: did you mean claude?",
      'fleet.yaml:5:5: error: "class" is missing (fleet-missing-key)',
      expect.stringContaining("  hint: one of: orchestrator") as unknown as string,
      'fleet.yaml:5:16: warning: "clas" is not a key that is read here (fleet-unknown-key)',
      "  hint: did you mean class?",
      "fleet.yaml: no fleet, 2 errors, 1 warning",
      "",
    ]);
  });

  test("--json has the same, by name", async () => {
    box.write("fleet.yaml", BROKEN);
    const { ok: isOk, file, problems } = await box.json("fleet", "check", "fleet.yaml");
    expect({ isOk, file }).toEqual({ isOk: false, file: "fleet.yaml" });
    expect(problems[0]).toEqual({
      code: "fleet-unknown-runtime",
      message: 'this host has no runtime "cluade"',
      severity: "error",
      file: "fleet.yaml",
      line: 4,
      column: 40,
      path: "agents.0.runtime",
      hint: "did you mean claude?",
    });
  });

  test("a warning alone is exit 0", async () => {
    box.write("fleet.yaml", "version: 1\npolicy: none\nagents:\n  - { name: a, class: juggler }\n");
    expect(await box.iapeer("fleet", "check", "fleet.yaml")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("fleet.yaml: 1 agent, 1 warning\n") as unknown,
    });
    expect(await box.json("fleet", "check", "fleet.yaml")).toMatchObject({
      ok: true,
      problems: [{ code: "fleet-unknown-class" }],
    });
  });

  test("a file that is not there is exit 3, and the hint makes one", async () => {
    const finished = await box.iapeer("fleet", "check", "--json");
    expect(finished.status).toBe(3);
    expect(errorLine(finished)).toMatchObject({ code: "file-not-found", hint: expect.stringContaining("fleet init") as unknown });
  });

  test("a runtime with a runtime.json is known", async () => {
    box.write("fleet.yaml", "version: 1\npolicy: none\nagents:\n  - { name: a, class: tester, runtime: own }\n");
    expect((await box.iapeer("fleet", "check", "fleet.yaml")).status).toBe(2);
    box.write("root/runtimes/own/runtime.json", '{"command": "/bin/true"}');
    expect((await box.iapeer("fleet", "check", "fleet.yaml")).status).toBe(0);
  });

  test("what a file holds reaches the terminal tamed", async () => {
    box.write("fleet.yaml", 'version: 1\npolicy: none\nagents: []\n"\\e[31mred\\e[0m\\u202e": 1\n? "a\\nb"\n: 2\n');
    const { stdout } = await box.iapeer("fleet", "check", "fleet.yaml");
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    expect(stdout.trimEnd().split("\n")).toHaveLength(5);
  });
});
