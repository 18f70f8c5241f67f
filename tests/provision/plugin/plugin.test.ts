import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { createRunner, type Runner } from "../../../src/core/process/runner.ts";
import { parseAnswer } from "../../../src/provision/plugin/cli.ts";
import { planPluginSweep, type PluginSweep, runPluginSweep } from "../../../src/provision/plugin/plugin.ts";
import { fixture } from "../../support/fixtures.ts";
import { QUIET } from "../../support/provision.ts";
import { GUARD_ARGV } from "../../support/sandbox.ts";

const ID = "iap@mem";
let root: string;
let runner: Runner;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "iapeer-plugin-")));
  runner = createRunner({ argv: GUARD_ARGV, env: process.env });
  for (const name of ["claude", "codex"]) {
    const state = join(root, `${name}-state`);
    mkdirSync(state);
    for (const [file, text] of [
      ["markets", "mem\n"],
      ["installs", ""],
      ["banner", ""],
      ["calls", ""],
    ] as const)
      writeFileSync(join(state, file), text);
    mkdirSync(join(root, "bin"), { recursive: true });
    copyFileSync(fixture(`${name}-plugins.sh`), join(root, "bin", name));
  }
});
afterEach(() => {
  runner.close();
  rmSync(root, { recursive: true, force: true });
});

function peer(personality: string, ...runtimes: string[]) {
  const cwd = join(root, "peers", personality);
  mkdirSync(cwd, { recursive: true });
  return { personality, cwd, runtimes };
}

function sweep(wanted: Partial<PluginSweep> & Pick<PluginSweep, "direction" | "targets">) {
  const env = { PATH: `${join(root, "bin")}:${process.env["PATH"]}` };
  const plugin = { name: "iap", marketplace: "mem", marketplaceRef: "o/r" };
  return runPluginSweep({
    others: [],
    signal: QUIET,
    plugin,
    runner,
    env,
    jobs: 4,
    onRow: () => undefined,
    ...wanted,
  });
}

const stateFile = (runtime: string, name: string) => join(root, `${runtime}-state`, name);
const calls = (runtime: string) => readFileSync(stateFile(runtime, "calls"), "utf8").trimEnd().split("\n");
const states = (rows: readonly { personality: string; runtime: string; state: string }[]) =>
  rows.map((row) => `${row.runtime}-${row.personality} ${row.state}`);

describe("claude", () => {
  test("a plugin is installed in the peer's folder, found there the next time, and taken out of it again", async () => {
    const a = peer("a", "claude");
    expect(await sweep({ direction: "on", targets: [a] })).toEqual([{ personality: "a", runtime: "claude", state: "installed" }]);
    expect(states(await sweep({ direction: "on", targets: [a] }))).toEqual(["claude-a already"]);
    expect(states(await sweep({ direction: "off", targets: [a] }))).toEqual(["claude-a removed"]);
    expect(states(await sweep({ direction: "off", targets: [a] }))).toEqual(["claude-a absent"]);
    expect(calls("claude")).toEqual(
      [
        "list --json",
        `install ${ID} --scope project`,
        "list --json",
        "list --json",
        `uninstall ${ID} --scope project`,
        "list --json",
      ].map((call) => `${a.cwd} plugin ${call}`),
    );
  });

  test("one that is listed as disabled is enabled", async () => {
    const a = peer("a", "claude");
    writeFileSync(stateFile("claude", "installs"), `${ID}|${a.cwd}|false\n`);
    expect(states(await sweep({ direction: "on", targets: [a] }))).toEqual(["claude-a enabled"]);
    expect(calls("claude").at(-1)).toBe(`${a.cwd} plugin enable ${ID} --scope project`);
  });

  test("an install in another folder is not this peer's, and a folder behind a link is the same folder", async () => {
    const [a, b] = [peer("a", "claude"), peer("b", "claude")];
    writeFileSync(stateFile("claude", "installs"), `${ID}|${a.cwd}|true\n`);
    symlinkSync(a.cwd, join(root, "link"));
    const linked = { ...a, cwd: join(root, "link") };
    expect(states(await sweep({ direction: "on", targets: [b, linked] }))).toEqual(["claude-b installed", "claude-a already"]);
  });

  test("many folders at once lose no install and keep the order", async () => {
    const targets = ["a", "b", "c", "d", "e", "f"].map((name) => peer(name, "claude"));
    expect(states(await sweep({ direction: "on", targets, jobs: 6 }))).toEqual(
      targets.map(({ personality }) => `claude-${personality} installed`),
    );
    expect(states(await sweep({ direction: "on", targets, jobs: 6 }))).toEqual(
      targets.map(({ personality }) => `claude-${personality} already`),
    );
    expect(states(await sweep({ direction: "off", targets, jobs: 6 }))).toEqual(
      targets.map(({ personality }) => `claude-${personality} removed`),
    );
  });

  test("a marketplace that is not known is added once, and the install tried again", async () => {
    writeFileSync(stateFile("claude", "markets"), "");
    const targets = [peer("a", "claude"), peer("b", "claude")];
    expect(states(await sweep({ direction: "on", targets }))).toEqual(["claude-a installed", "claude-b installed"]);
    expect(calls("claude").filter((call) => call.endsWith("marketplace add o/r"))).toHaveLength(1);
  });

  test("a failed install says what claude said, on whatever stream, and ends no other row", async () => {
    writeFileSync(stateFile("claude", "markets"), "");
    const [a, b] = [peer("a", "claude"), peer("b", "claude")];
    writeFileSync(stateFile("claude", "installs"), `${ID}|${b.cwd}|true\n`);
    const rows = await sweep({ direction: "on", targets: [a, b], plugin: { name: "iap", marketplace: "mem" } });
    expect(rows).toEqual([
      {
        personality: "a",
        runtime: "claude",
        state: "failed",
        detail: `Failed to install plugin "${ID}": not found in marketplace`,
      },
      { personality: "b", runtime: "claude", state: "already" },
    ]);
  });

  test("a folder that is gone fails by itself", async () => {
    const a = peer("a", "claude");
    rmSync(a.cwd, { recursive: true });
    const [row] = await sweep({ direction: "on", targets: [a] });
    expect(row).toMatchObject({ state: "failed" });
    expect(row?.detail).toContain(a.cwd);
  });

  test.each([
    ["a notice in brackets", "[notice] update available\n", "installed"],
    ["something that is no JSON", "<html>", "installed"],
  ])("%s before the JSON does not hide the list", async (_, banner, state) => {
    writeFileSync(stateFile("claude", "banner"), `${banner}\n`);
    expect(await sweep({ direction: "on", targets: [peer("a", "claude")] })).toMatchObject([{ state }]);
  });
});

describe("codex", () => {
  test("is asked once per host; the further peers are already served", async () => {
    const targets = [peer("a", "codex"), peer("b", "claude", "codex"), peer("c", "codex")];
    expect(states(await sweep({ direction: "on", targets }))).toEqual([
      "codex-a installed",
      "claude-b installed",
      "codex-b already",
      "codex-c already",
    ]);
    expect(calls("codex")).toEqual(["plugin list --json", `plugin add ${ID}`]);
    expect(states(await sweep({ direction: "off", targets }))).toEqual([
      "codex-a removed",
      "claude-b removed",
      "codex-b already",
      "codex-c already",
    ]);
    expect(existsSync(stateFile("codex", "plugin"))).toBe(false);
  });

  test.each([
    ["enabled", "true", "already"],
    ["disabled", "false", "enabled"],
  ])("a plugin that is %s leads to a row %s", async (_, enabled, state) => {
    writeFileSync(stateFile("codex", "plugin"), `${ID} ${enabled}\n`);
    expect(await sweep({ direction: "on", targets: [peer("a", "codex")] })).toMatchObject([{ state }]);
  });

  test("keeps the plugin while another peer needs it in codex", async () => {
    const [a, b] = [peer("a", "codex"), peer("b", "codex")];
    writeFileSync(stateFile("codex", "plugin"), `${ID} true\n`);
    const off = { direction: "off", targets: [a] } as const;
    const [kept] = await sweep({ ...off, others: [b, peer("c", "claude")] });
    expect(kept).toMatchObject({ state: "already", detail: expect.stringContaining("needs it for: b") as unknown });
    expect(calls("codex")).toEqual([""]);
    expect(await sweep({ ...off, others: [peer("c", "claude")] })).toMatchObject([{ state: "removed" }]);
    expect(await sweep(off)).toMatchObject([{ state: "absent" }]);
  });

  test("a marketplace that is not known is added, and the plugin added after it", async () => {
    writeFileSync(stateFile("codex", "markets"), "");
    expect(await sweep({ direction: "on", targets: [peer("a", "codex")] })).toMatchObject([{ state: "installed" }]);
    expect(calls("codex").slice(-2)).toEqual(["plugin marketplace add o/r", `plugin add ${ID}`]);
  });

  test("what failed for the host is not called done for the next peer", async () => {
    writeFileSync(join(root, "bin", "codex"), "#!/bin/sh\necho 'config is broken' >&2\nexit 3\n");
    const rows = await sweep({ direction: "on", targets: [peer("a", "codex"), peer("b", "codex")] });
    expect(rows).toMatchObject([{ state: "failed", detail: "config is broken" }, { state: "failed" }]);
  });
});

test("a runtime that is not there is told apart from one that fails", async () => {
  const targets = [peer("a", "claude", "codex")];
  const env = { PATH: join(root, "empty"), IAPEER_CODEX_BIN: join(root, "gone") };
  const rows = await sweep({ direction: "on", targets, env });
  expect(rows).toMatchObject([
    { runtime: "claude", state: "runtime-missing", detail: "claude is not on PATH; IAPEER_CLAUDE_BIN can name it" },
    { runtime: "codex", state: "runtime-missing", detail: expect.stringContaining("does not exist") as unknown },
  ]);
});

test("the environment names another program than the one on PATH", async () => {
  const env = { PATH: join(root, "empty"), IAPEER_CLAUDE_BIN: join(root, "bin", "claude") };
  expect(await sweep({ direction: "on", targets: [peer("a", "claude")], env })).toMatchObject([{ state: "installed" }]);
});

test("each row is told as it ends, and an interrupted sweep begins no further one", async () => {
  const abort = new AbortController();
  const told: string[] = [];
  const targets = ["a", "b", "c"].map((name) => peer(name, "claude"));
  const onRow: PluginSweep["onRow"] = ({ personality }) => {
    told.push(personality);
    abort.abort();
  };
  expect(states(await sweep({ direction: "on", targets, jobs: 1, signal: abort.signal, onRow }))).toEqual(["claude-a installed"]);
  expect(told).toEqual(["a"]);
});

test("a peer without an agentic runtime gets no row, and runtimes keep the peer's order", () => {
  const targets = [
    { personality: "t", cwd: "/t", runtimes: ["telegram"] },
    { personality: "x", cwd: "/x", runtimes: ["codex", "web", "claude"] },
    { personality: "y", cwd: "/y", runtimes: ["codex"] },
  ];
  expect(planPluginSweep({ direction: "on", targets, others: [] })).toEqual([
    { personality: "x", folder: undefined, runtime: "codex", does: "change", keptFor: [] },
    { personality: "x", folder: "/x", runtime: "claude", does: "change", keptFor: [] },
    { personality: "y", folder: undefined, runtime: "codex", does: "follow", keptFor: [] },
  ]);
});

const schema = v.array(v.looseObject({ id: v.string() }));
test.each<[string, string, unknown]>([
  ["only JSON", '[{"id":"a"}]', [{ id: "a" }]],
  ["JSON with a loose bracket behind it", '[info] hi\n{"not":"it"}\n[{"id":"a"}]\nbye ]\n', undefined],
  ["notices before it", 'hi\n[info] hi\n{"not":"it"}\n[{"id":"a"}]\n', [{ id: "a" }]],
  ["a notice behind it", '[{"id":"a"}]\nUpdate available!\n', [{ id: "a" }]],
  ["another shape", '{"installed":[]}', undefined],
  ["nothing", "", undefined],
])("an answer of %s", (_, stdout, answer) => expect(parseAnswer(stdout, schema)).toEqual(answer as never));
