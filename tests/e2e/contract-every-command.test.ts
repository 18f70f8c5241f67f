// Contract 4: what every command has in common.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadVerbs, ROOT } from "../../src/cli/commands.ts";
import { ok } from "../support/calls.ts";
import { openSandbox } from "../support/sandbox.ts";

describe("every command", () => {
  const PEERS = ["add", "remove", "list", "show", "update"];
  const MEMORY = ["memory-plugin", "native-memory", "provider check", "provider run", "provision exec"];
  const SESSIONS = [
    "launch",
    "stop",
    "retire",
    "attach",
    "watch",
    "screen",
    "send",
    "tail",
    "heartbeat",
    "deaths",
    "deaths show",
    "supervise",
  ];
  const CANARIES = ["canary status", "canary arm", "canary dismiss", "canary script", "hook pane-died"];
  const FLEET = [
    "fleet init",
    "fleet check",
    "fleet apply",
    "fleet add",
    "fleet remove",
    "fleet install",
    "fleet uninstall",
    "fleet ps",
    "fleet comms",
  ];
  const VERBS = [...PEERS, ...MEMORY, ...SESSIONS, ...CANARIES, ...FLEET, "status", "doctor", "verify", "completions"];

  test("is one of these", async () => {
    expect((await loadVerbs(ROOT.subCommands)).map(({ meta }) => meta.name)).toEqual(VERBS);
  });

  test.each(VERBS)("%s takes --help: on stdout, exit 0, nothing done", async (verb) => {
    using sandbox = openSandbox();
    const { stdout, stderr, status } = await sandbox.iapeer(...verb.split(" "), "--help");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.replace(/\s+/g, " ")).toContain(` (iapeer ${verb}) `);
    expect(stdout).toContain(`\nUSAGE iapeer ${verb} [OPTIONS]`);
    expect(stdout).toContain("\nEXAMPLES\n");
    expect((await sandbox.iapeer("help", ...verb.split(" "))).stdout).toBe(stdout);
    expect(existsSync(sandbox.root)).toBe(false);
  });

  test.each(VERBS)("%s refuses unknown flags and stray arguments: exit 2", async (verb) => {
    using sandbox = openSandbox();
    for (const args of [["--colour"], ["a", "b", "c", "-z"]]) {
      const { stderr, status } = await sandbox.iapeer(...verb.split(" "), ...args);
      expect(stderr).toStartWith("error: ");
      expect(status).toBe(2);
    }
  });

  test.each([["--help"], ["-h"], ["help"]])("iapeer %s names them all", async (word) => {
    using sandbox = openSandbox();
    const { stdout } = await ok(sandbox, word);
    for (const verb of VERBS) expect(stdout).toContain(`  ${verb} `);
  });

  test.each([["--version"], ["-V"], ["version"]])("iapeer %s is the version", async (word) => {
    using sandbox = openSandbox();
    expect((await ok(sandbox, word)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await sandbox.json(word)).toEqual({ version: expect.any(String) });
  });

  test.each([
    [["lsit"], "did you mean iapeer list?"],
    [["provider", "chek"], "did you mean iapeer provider check?"],
    [["provider"], "one of: provider check, provider run"],
    [["list", "--jsn"], "did you mean --json?"],
    [["show", "alpah"], "did you mean alpha?"],
    [["memory-plugin", "om", "--all"], "did you mean on?"],
  ])("%p: %s", async (args, hint) => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    expect((await sandbox.iapeer(...args)).stderr).toContain(hint);
  });

  test("no colours and no escape codes where there is no terminal, whatever a description holds", async () => {
    using sandbox = openSandbox();
    mkdirSync(join(sandbox.folder, "f\u001b[31m"));
    const env = { TERM: "xterm-256color", FORCE_COLOR: "1", COLORTERM: "truecolor" };
    const calls = [
      ["add", "alpha", "--description", "\u001b[31mred\u0007", "--cwd", "f\u001b[31m"],
      ["list"],
      ["show", "alpha"],
      ["status"],
      ["verify"],
      ["remove", "alpha"],
      ["add"],
      ["help"],
    ];
    for (const args of calls) {
      const { stdout, stderr } = await sandbox.iapeerWith(env, ...args);
      // oxlint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    }
  });
});
