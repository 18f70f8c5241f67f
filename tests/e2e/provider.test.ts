import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import { fixture } from "../support/fixtures.ts";
import { traceHardTree } from "../support/hard-trees.ts";
import { finish, openSandbox, type Sandbox, until } from "../support/sandbox.ts";

let box: Sandbox;
beforeEach(() => {
  box = openSandbox();
});
afterEach(() => box[Symbol.dispose]());

const IDENTITY = { provider: "mem", package: "@x/mem", version: "1.0.0" };
const ARGS = ["{cwd}", "{runtime}", "{personality}", "{occasion}"];

/** A provider whose both commands note their arguments and then do as told. */
function declare(body = "exit 0", more: object = {}) {
  const command = box.script("provider", `echo "$*" >> '${box.folder}/calls'\n${body}`);
  return box.slot({
    ...IDENTITY,
    provision: { command, args: ["on", ...ARGS] },
    unprovision: { command, args: ["off", ...ARGS] },
    ...more,
  });
}

const calls = () => (existsSync(`${box.folder}/calls`) ? readFileSync(`${box.folder}/calls`, "utf8").trimEnd().split("\n") : []);
const events = () =>
  parseEvents(readFileSync(`${box.root}/logs/iapeer/lifecycle.log`, "utf8")).filter(({ ev }) => ev === "memory-provision");

async function addPeers(...names: readonly string[]): Promise<void> {
  for (const name of names) expect(await box.iapeer("add", name, "--no-provision")).toMatchObject({ status: 0 });
}

describe("birth and removal", () => {
  test("the provider's command runs once per agentic runtime, with the occasion, and each run is one line in the log", async () => {
    declare();
    const added = await box.json("add", "alpha", "--runtime", "claude", "--runtime", "telegram", "--runtime", "codex");
    expect(added).toMatchObject({
      action: "added",
      outcomes: [
        { runtime: "claude", state: "ok" },
        { runtime: "codex", state: "ok" },
      ],
    });
    const [removed] = await box.json("remove", "alpha");
    expect(removed).toMatchObject({
      action: "removed",
      unprovision: [
        { runtime: "claude", state: "ok" },
        { runtime: "codex", state: "ok" },
      ],
    });
    const cwd = `${box.root}/peers/alpha`;
    expect(calls()).toEqual([
      `on ${cwd} claude alpha birth`,
      `on ${cwd} codex alpha birth`,
      `off ${cwd} claude alpha remove`,
      `off ${cwd} codex alpha remove`,
    ]);
    expect(events()).toMatchObject([
      { identity: "claude-alpha", occasion: "birth", state: "ok", exit: "0" },
      { identity: "codex-alpha", occasion: "birth", state: "ok" },
      { identity: "claude-alpha", occasion: "remove", state: "ok" },
      { identity: "codex-alpha", occasion: "remove", state: "ok" },
    ]);
  });

  test("a provider that fails never fails a birth: a warning with the repair command, exit 0", async () => {
    declare("echo broken >&2; exit 5");
    const { status, stderr, stdout } = await box.iapeer("add", "alpha", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcomes: [{ runtime: "claude", state: "failed", detail: "broken" }] });
    expect(stderr).toContain("broken");
    expect(stderr).toContain("iapeer memory-plugin on --peer alpha");
  });
});

describe("memory-plugin", () => {
  test.each(["on", "off"])("%s --all has its rows in registry order whatever --jobs is", async (direction) => {
    await addPeers("d", "b", "a", "c");
    declare(`case "$*" in *" a "*) sleep 0.3;; *" b "*) echo why >&2; exit 1;; esac`);
    for (const jobs of ["1", "4"]) {
      const { status, stdout } = await box.iapeer("memory-plugin", direction, "--all", "--jobs", jobs, "--json");
      expect(status).toBe(1);
      const { outcomes, ...rest } = JSON.parse(stdout) as { outcomes: unknown };
      expect(rest).toEqual({ ok: false, plugin: "mem", error: "1 of 4 failed" });
      expect(outcomes).toEqual([
        { personality: "a", runtime: "claude", state: "ok" },
        { personality: "b", runtime: "claude", state: "failed", detail: "why" },
        { personality: "c", runtime: "claude", state: "ok" },
        { personality: "d", runtime: "claude", state: "ok" },
      ]);
    }
  });

  test.each<[string, object | undefined, string, string]>([
    ["an empty slot", undefined, "on", "memory slot is EMPTY"],
    [
      "a slot without unprovision",
      { provision: { command: "/bin/true", args: [] } },
      "off",
      'provider "mem" declares no unprovision command',
    ],
    [
      "a slot without provision",
      { unprovision: { command: "/bin/true", args: [] } },
      "on",
      'provider "mem" declares no provision command',
    ],
    [
      "a plugin beside provision",
      { provision: { command: "/bin/true", args: [] }, plugin: { name: "n", marketplace: "m" } },
      "off",
      'provider "mem" declares no unprovision command',
    ],
    ["a slot that declares nothing", {}, "on", "declares nothing to run"],
  ])("%s is a refusal: exit 1, nothing run", async (_, blocks, direction, message) => {
    await addPeers("a");
    if (blocks !== undefined) box.slot({ ...IDENTITY, ...blocks });
    const { status, stderr, stdout } = await box.iapeer("memory-plugin", direction, "--all", "--json");
    expect(status).toBe(1);
    expect(stderr).toContain(message.replaceAll('"', '\\"'));
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: expect.stringContaining(message) as unknown, outcomes: [] });
    expect(existsSync(`${box.root}/logs/iapeer/lifecycle.log`) ? events() : []).toEqual([]);
  });

  test("a plugin beside provision is ignored, even when the command fails", async () => {
    await addPeers("a");
    const claude = box.script("bin/claude", `echo "$*" >> '${box.folder}/claude-calls'`);
    declare("exit 1", { plugin: { name: "n", marketplace: "m" } });
    const { status } = await box.iapeerWith({ IAPEER_CLAUDE_BIN: claude }, "memory-plugin", "on", "--all");
    expect(status).toBe(1);
    expect(existsSync(`${box.folder}/claude-calls`)).toBe(false);
  });

  test("Ctrl-C ends the running providers with their trees, reports what was done and what was not, and exits 130", async () => {
    await addPeers("a", "b", "c", "d", "e");
    const tree = makeTree();
    declare(`case "$*" in *" a "*) exit 0;; esac; cd '${box.folder}/work'; exec ${tree.argv.join(" ")}`);
    const child = box.start(["memory-plugin", "on", "--all", "--jobs", "2", "--json"]);
    await until("two providers run, with their children", () => tree.count() >= 6);
    child.kill("SIGINT");
    const { status, stdout } = await finish(child);
    expect(tree.survivors()).toEqual([]);
    expect(status).toBe(130);
    const { ok, error, outcomes } = JSON.parse(stdout) as {
      ok: boolean;
      error: string;
      outcomes: { personality: string; state: string }[];
    };
    expect({ ok, error }).toEqual({ ok: false, error: "interrupted" });
    expect(outcomes.map(({ personality, state }) => `${personality} ${state}`)).toEqual([
      "a ok",
      "b interrupted",
      "c interrupted",
      "d not-run",
      "e not-run",
    ]);
  });
});

/** A command of three processes that is hard to end, to be run in a folder of its own. */
function makeTree() {
  const path = `${box.folder}/work`;
  mkdirSync(path);
  return traceHardTree({ path, at: (...names) => [path, ...names].join("/") }, "a double fork with an empty environment");
}

const EXEC = ["provision", "exec", "--runtime", "claude", "--personality", "p", "--occasion", "birth", "--cwd", "."];

describe("provision exec", () => {
  test.each<[string, string, string[], number, object]>([
    ["a command that succeeds", "exit 0", [], 0, { state: "ok", exitCode: 0, signal: null }],
    ["a command that fails", "echo why >&2; exit 9", [], 1, { state: "failed", exitCode: 9, detail: "why" }],
    ["a command that a signal ends", "kill -s TERM $$", [], 1, { state: "failed", exitCode: null, signal: "SIGTERM" }],
    ["a command that takes too long", "exec sleep 15", ["--timeout-ms", "200"], 6, { state: "timeout", signal: "SIGTERM" }],
  ])("%s has its outcome printed as JSON and its exit status", async (_, body, options, status, outcome) => {
    const script = box.script("command", body);
    const done = await box.iapeer(...EXEC, ...options, "--", script);
    expect(done.status).toBe(status);
    expect(JSON.parse(done.stdout)).toMatchObject({ ...outcome, argv: [script] });
  });

  test("a command that is none is exit 1", async () => {
    const done = await box.iapeer(...EXEC, "--", `${box.folder}/gone`);
    expect(done.status).toBe(1);
    expect(JSON.parse(done.stdout)).toMatchObject({ state: "not-executable", detail: `${box.folder}/gone does not exist` });
  });

  test("placeholders and hostile text reach the command as single arguments", async () => {
    const script = box.script("command", `printf '%s\\0' "$@" > '${box.folder}/argv'`);
    const folder = `${box.folder}/$(touch pwned) "{runtime}"\n'`;
    mkdirSync(folder);
    expect(
      (
        await box.iapeer(
          "provision",
          "exec",
          "--runtime",
          "codex",
          "--personality",
          "p",
          "--occasion",
          "remove",
          "--cwd",
          folder,
          "--",
          script,
          "{cwd}",
          "--r={runtime}",
          "{x}",
          "; reboot",
          "",
        )
      ).status,
    ).toBe(0);
    expect(readFileSync(`${box.folder}/argv`, "utf8").split("\0")).toEqual([folder, "--r=codex", "{x}", "; reboot", "", ""]);
    expect(existsSync(`${box.folder}/pwned`)).toBe(false);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
    ["SIGKILL", null],
    ["SIGQUIT", null],
  ] as const)(
    "when iapeer itself gets %s in the middle, the command's whole tree ends too",
    async (signal, status) => {
      const tree = makeTree();
      const child = box.start([
        ...EXEC,
        "--timeout-ms",
        "60000",
        "--",
        box.script("command", `cd '${tree.folder}'; exec "$@"`),
        ...tree.argv,
      ]);
      await until("the tree stands", () => tree.count() >= 3);
      child.kill(signal);
      await child.exited;
      expect(child.exitCode).toBe(status);
      await until("nothing is left of it", () => tree.survivors().length === 0, 5000);
    },
    20_000,
  );

  test("a daemon that a successful command left behind lives on after iapeer", async () => {
    const script = box.script("command", `setsid sleep 15 & echo $! > '${box.folder}/daemon'; exit 0`);
    expect(await box.iapeer(...EXEC, "--", script)).toMatchObject({ status: 0 });
    const pid = Number(readFileSync(`${box.folder}/daemon`, "utf8"));
    const isRunning = () => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("sleep");
    await until("the guard is gone", () => !someGuardRuns());
    expect(isRunning()).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  test("1 GB on stderr costs iapeer less than 32 MB of memory", async () => {
    const peak = async (volume: "loud" | "quiet") => {
      const child = box.start([...EXEC, "--", fixture("flood.sh"), box.folder, volume]);
      await until("the flood is over", () => existsSync(`${box.folder}/flooded`), 100_000);
      const kb = Number(/^VmHWM:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]);
      writeFileSync(`${box.folder}/go`, "");
      const { stdout } = await finish(child);
      expect(JSON.parse(stdout)).toMatchObject({ state: "failed", detail: expect.stringMatching(/end$/) as unknown });
      for (const name of ["go", "flooded"]) Bun.spawnSync(["rm", `${box.folder}/${name}`]);
      return kb / 1024;
    };
    const [quiet, flooded] = [await peak("quiet"), await peak("loud")];
    expect(flooded - quiet).toBeLessThan(32);
  });
});

/** A guard of this test's iapeer: one that has our root in its environment. */
function someGuardRuns(): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("__guard") &&
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(box.root)
      );
    } catch {
      // No process, or gone meanwhile.
      return false;
    }
  });
}

describe("provider run", () => {
  test("--dry-run prints the argv as JSON and runs nothing", async () => {
    declare();
    await addPeers("a");
    const { status, stdout } = await box.iapeer("provider", "run", "off-peer", "--peer", "a", "--dry-run");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual([`${box.folder}/provider`, "off", `${box.root}/peers/a`, "claude", "a", "off-peer"]);
    expect(calls()).toEqual([]);
  });

  test.each([
    ["exit 0", 0],
    ["exit 1", 1],
  ])("by hand, a command that does %p is exit %i", async (body, status) => {
    declare(body);
    await addPeers("a");
    expect(await box.iapeer("provider", "run", "sweep-on", "--peer", "a")).toMatchObject({ status });
    expect(calls()).toEqual([`on ${box.root}/peers/a claude a sweep-on`]);
  });

  test("a runtime that is not agentic is exit 3", async () => {
    declare();
    await box.iapeer("add", "t", "--runtime", "telegram");
    expect(await box.iapeer("provider", "run", "birth", "--peer", "t")).toMatchObject({ status: 3 });
    expect(calls()).toEqual([]);
  });
});

describe("a slot that someone else may write", () => {
  test.each<[string, () => void]>([
    ["its file", () => chmodSync(`${box.root}/memory-provider.json`, 0o666)],
    ["the folder above it", () => chmodSync(box.root, 0o777)],
  ])("is not obeyed when it is %s: nothing runs, and the code is slot-insecure", async (_, open) => {
    await addPeers("a");
    declare();
    open();
    const { status, stdout } = await box.iapeer("provider", "check", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ code: "slot-insecure", severity: "error" }]);
    expect((await box.iapeer("memory-plugin", "on", "--all")).status).toBeGreaterThan(0);
    expect(calls()).toEqual([]);
  });
});

describe("provider check", () => {
  test("tells every problem with code, message, location and severity; an error is exit 1", async () => {
    const file = box.write(
      "slot.json",
      `{\n  "provider": "mem", "package": "p", "version": "",\n  "provision": { "command": "bin/x",\n    "args": ["{cwd}", "{home}"] },\n  "colour": 1\n}\n`,
    );
    const { status, stdout } = await box.iapeer("provider", "check", file, "--json");
    expect(status).toBe(1);
    const problems = JSON.parse(stdout) as {
      code: string;
      message: string;
      severity: string;
      location: { file: string; line: number; column: number; path: string };
    }[];
    expect(
      problems
        .map(
          ({ code, severity, location }) =>
            `${location.file === file} ${location.line}:${location.column} ${severity} ${code} ${location.path}`,
        )
        .toSorted(),
    ).toEqual([
      "true 1:1 warning no-way-back ",
      "true 2:49 error empty-string version",
      "true 3:29 error not-absolute provision.command",
      "true 4:23 warning unknown-placeholder provision.args.1",
      "true 5:13 warning unknown-field colour",
    ]);
    expect(problems.every(({ message }) => message.length > 10)).toBe(true);
  });

  test.each<[string, () => string, number, string[]]>([
    ["a declaration that is right", () => declare(), 0, []],
    ["a warning alone", () => box.slot({ ...IDENTITY, provision: { command: "/bin/true", args: [] } }), 0, ["no-way-back"]],
    [
      "a command that is not there",
      () => box.slot({ ...IDENTITY, unprovision: { command: "/gone", args: [] } }),
      1,
      ["command-not-executable"],
    ],
    ["what is no JSON", () => box.write("slot.json", "{,"), 1, ["not-json"]],
    ["a link", () => (symlinkSync(declare(), `${box.folder}/link`), `${box.folder}/link`), 1, ["unreadable"]],
  ])("%s is told by its codes and the exit status", async (_, make, status, codes) => {
    const done = await box.iapeer("provider", "check", make(), "--json");
    expect((JSON.parse(done.stdout) as { code: string }[]).map(({ code }) => code)).toEqual(codes);
    expect(done.status).toBe(status);
  });

  test("what is no JSON has the place of the first thing that is not", async () => {
    const { stdout } = await box.iapeer("provider", "check", box.write("slot.json", `{\n  "provider": mem\n}\n`), "--json");
    expect(JSON.parse(stdout)).toMatchObject([{ code: "not-json", location: { line: 2, column: 15 } }]);
  });

  test("no declaration is exit 3", async () => {
    expect(await box.iapeer("provider", "check")).toMatchObject({ status: 3 });
    expect(await box.iapeer("provider", "check", "gone.json")).toMatchObject({ status: 3 });
  });
});
