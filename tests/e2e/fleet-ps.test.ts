// A fleet as it is: file, applied fleet, registry, units, servers, heartbeats and deaths in one row an agent.
import { beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PsRow } from "../../src/fleet/ps/types.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { noteApplied } from "../support/fleet.ts";
import { BINARY, until } from "../support/sandbox.ts";
import { launchPeer, readSession, signal, tellAgent, untilGone } from "../support/session.ts";
import { openTerminal } from "../support/terminal.ts";
import { listProcesses } from "../../src/core/process/processes.ts";
import { renderMarkSection } from "../../src/core/service/mark.ts";

const bob = useBob();

const BOB = "  - { name: bob, class: implementer, runtime: own }";

// A runtime that gives its own heartbeats gets none from anybody else.
beforeEach(async () => {
  const command = bob.sandbox.script("own", 'exec "$IAPEER_CLAUDE_BIN"');
  bob.sandbox.write("root/runtimes/own/runtime.json", JSON.stringify({ command, args: [], heartbeat: "own" }));
  await ok(bob.sandbox, "update", "bob", "--add-runtime", "own", "--default-runtime", "own", "--remove-runtime", "claude");
});

/** Writes the fleet file, and what was applied last, which is the same where it is not given. */
function declare(agents: readonly string[], applied: readonly string[] | undefined = agents): void {
  const text = (lines: readonly string[]) =>
    `version: 1\npolicy: none\nagents:${lines.length === 0 ? " []" : ""}\n${lines.join("\n")}\n`;
  if (applied !== undefined) {
    bob.sandbox.write("root/fleet.yaml", text(applied));
    noteApplied(bob.sandbox);
  }
  bob.sandbox.write("root/fleet.yaml", text(agents));
}

async function ps(...args: string[]): Promise<{ rows: PsRow[]; status: number | null }> {
  const { stdout, stderr, status } = await bob.sandbox.iapeer("fleet", "ps", "--json", ...args);
  if (stdout === "") throw new Error(`no rows: ${stderr}`);
  return { rows: JSON.parse(stdout) as PsRow[], status };
}

const healthOf = async (...args: string[]) => (await ps(...args)).rows.map(({ health }) => health);
const unitFile = (...path: string[]) => join(bob.sandbox.home, ".config/systemd/user", ...path);

function enableUnit(name: string): void {
  const unit = `iapeer-agent-${name}.service`;
  const mark = renderMarkSection({ root: bob.sandbox.root });
  bob.sandbox.write(unitFile(unit), `[Service]\n${mark}`);
  bob.sandbox.write(unitFile("iapeer-fleet.target"), `[Unit]\n${mark}`);
  bob.sandbox.write(unitFile("iapeer-fleet.target.wants", "keep"), "");
  symlinkSync(unitFile(unit), unitFile("iapeer-fleet.target.wants", unit));
}

describe("fleet ps", () => {
  test("an agent is healthy by its heartbeat, and not because it runs", async () => {
    declare([BOB]);
    expect(await ps()).toMatchObject({ status: 1, rows: [{ health: "down", status: "asleep", since: null, server_pid: null }] });
    const session = await launchPeer(bob.sandbox, "bob", "own");
    expect(await ps()).toMatchObject({
      status: 1,
      rows: [{ health: "silent", status: "live", heartbeat_age_secs: null, server_pid: session.server.pid }],
    });
    await ok(bob.sandbox, "heartbeat", "bob");
    const { rows, status } = await ps();
    expect([status, rows]).toEqual([
      0,
      [
        {
          identity: "own-bob",
          peer: "bob",
          class: "implementer",
          runtime: "own",
          host: expect.stringMatching(/./) as never,
          tenant: expect.stringMatching(/./) as never,
          declared: true,
          applied: true,
          registered: true,
          unit: "absent",
          status: "live",
          health: "healthy",
          heartbeat_age_secs: expect.any(Number) as never,
          since: expect.stringMatching(/Z$/) as never,
          up_secs: expect.any(Number) as never,
          server_pid: session.server.pid,
          last_death: null,
          drift: [],
        },
      ],
    ]);
    await until("the heartbeat is older than asked for", async () => (await healthOf("--within", "1s"))[0] === "silent");
    expect(await healthOf()).toEqual(["healthy"]);
  });

  test("a heartbeat of the session before is none of this one's", async () => {
    declare([BOB]);
    await launchPeer(bob.sandbox, "bob", "own");
    await ok(bob.sandbox, "heartbeat", "bob");
    const beatSecs = Date.now() / 1000;
    await until("the clock shows a later second", () => Math.floor(Date.now() / 1000) > beatSecs);
    await ok(bob.sandbox, "stop", "bob");
    expect(await ps()).toMatchObject({ rows: [{ health: "down", status: "stopped" }] });
    await launchPeer(bob.sandbox, "bob", "own");
    expect(await healthOf()).toEqual(["silent"]);
  });

  test("an agent that is stopped falls silent, and is healthy again when it goes on", async () => {
    declare([BOB]);
    // The program behind a shell is stopped: tmux has a pane's own process go on.
    const program = bob.sandbox.script("program", "echo ready; exec sleep 600");
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script(
      "wrapped",
      `exec '${BINARY}' heartbeat --every 1s -- /bin/sh -c '"${program}"; true'`,
    );
    const session = await launchPeer(bob.sandbox, "bob", "own");
    await until("it is healthy", async () => (await healthOf("--within", "4s"))[0] === "healthy");
    const child = listProcesses().find(({ ppid, isZombie }) => ppid === session.agent.pid && !isZombie)!;
    signal("STOP", child);
    await until("it is silent", async () => (await healthOf("--within", "4s"))[0] === "silent", 20_000);
    expect((await ps("--within", "4s")).status).toBe(1);
    signal("CONT", child);
    await until("it is healthy again", async () => (await healthOf("--within", "4s"))[0] === "healthy", 20_000);
  });

  test("an agent whose runtime gives no heartbeats is started with the wrapper that does", async () => {
    await ok(bob.sandbox, "update", "bob", "--add-runtime", "pi");
    bob.sandbox.env["IAPEER_PI_BIN"] = bob.sandbox.env["IAPEER_CLAUDE_BIN"]!;
    declare(["  - { name: bob, class: implementer, runtime: pi }"]);
    const session = await launchPeer(bob.sandbox, "bob", "pi");
    await until("it is healthy", async () => (await healthOf())[0] === "healthy");
    await tellAgent(session, "exit 7");
    await untilGone(session.server);
    expect((await bob.sandbox.json("deaths"))[0]).toMatchObject({ identity: "pi-bob", ev: "session-exit", dead_status: 7 });
  });

  test("one that has died says so, with its record", async () => {
    declare([BOB]);
    const session = await launchPeer(bob.sandbox, "bob", "own");
    signal("KILL", session.server);
    await untilGone(session.server);
    await until("its death is recorded", async () => (await ps()).rows[0]?.last_death !== null);
    const [row] = (await ps()).rows;
    const [death] = await bob.sandbox.json("deaths");
    expect(row).toMatchObject({
      health: "down",
      status: "asleep",
      last_death: { id: death.id, ts: death.ts, verdict: "killed", cause: death.cause },
    });
    expect((await bob.sandbox.iapeer("fleet", "ps")).stdout).toMatch(/^bob +implementer +own +down +killed \d+ s ago$/m);
  });

  test("a server whose socket is gone is unknown, one of another root's is foreign", async () => {
    declare([BOB]);
    const session = await launchPeer(bob.sandbox, "bob", "own");
    rmSync(session.socket);
    expect(await healthOf()).toEqual(["unknown"]);
    await ok(bob.sandbox, "launch", "bob");
    const pointer = join(bob.sandbox.root, "state/iapeer/lifecycle/own-bob.session");
    const saved = readFileSync(pointer);
    rmSync(pointer);
    expect(await ps()).toMatchObject({
      rows: [
        { health: "silent", status: "live", since: null, server_pid: session.server.pid, drift: [{ code: "foreign-server" }] },
      ],
    });
    writeFileSync(pointer, saved, { mode: 0o600 });
    expect(readSession(bob.sandbox, "own-bob").server).toEqual(session.server);
  });

  test("every way to differ, in the order of the file and then what is not declared", async () => {
    for (const name of ["moved", "other", "unit", "gone", "loose", "model"]) await ok(bob.sandbox, "add", name);
    await ok(bob.sandbox, "update", "other", "--add-runtime", "codex");
    // Launched before there was a fleet, and so without its model.
    await Promise.all(["loose", "model"].map(async (name) => await launchPeer(bob.sandbox, name)));
    declare(
      [
        "  - { name: fresh, class: tester }",
        "  - { name: missing, class: tester }",
        "  - { name: moved, class: tester, working_directory: elsewhere }",
        "  - { name: other, class: writer, runtime: pi }",
        "  - { name: unit, class: tester, persistent_persona: true }",
        "  - { name: model, class: tester, model_hint: opus }",
        "  - { name: bob, class: implementer, runtime: own }",
        "  - { name: far, class: tester, host: far.example, ssh: far.example }",
      ],
      [
        "  - { name: missing, class: tester }",
        "  - { name: moved, class: tester }",
        "  - { name: other, class: tester, runtime: claude }",
        "  - { name: unit, class: tester }",
        "  - { name: model, class: tester, model_hint: opus }",
        "  - { name: bob, class: implementer, runtime: own, persistent_persona: true }",
        "  - { name: far, class: tester, host: old.example, ssh: me@old.example }",
        "  - { name: gone, class: tester }",
      ],
    );
    enableUnit("bob");
    enableUnit("stranger");
    const { rows, status } = await ps();
    expect(status).toBe(1);
    expect(rows.map(({ peer, drift }) => [peer, drift.map(({ code }) => code)])).toEqual([
      ["fresh", ["not-applied"]],
      ["missing", ["not-registered"]],
      ["moved", ["folder-differs"]],
      ["other", ["class-differs", "runtime-differs"]],
      ["unit", ["persistence-differs", "unit-missing"]],
      ["model", ["model-differs"]],
      ["bob", ["persistence-differs", "unit-unwanted"]],
      ["far", ["host-differs"]],
      ["gone", ["undeclared"]],
      ["loose", ["running-undeclared"]],
      ["stranger", ["unit-without-agent"]],
    ]);
    expect(rows.at(-1)).toMatchObject({ identity: null, runtime: null, unit: "enabled", registered: false });
    const { stdout } = await bob.sandbox.iapeer("fleet", "ps");
    expect(stdout).toContain("model: model-differs: the file says opus; running: none\n");
    expect(stdout).toContain("fresh: not-applied: it is declared and not applied: iapeer fleet apply\n");
    expect(stdout).toEndWith("11 agents: 2 silent, 8 down, 1 remote; 11 need a look\n");
  });

  test("the model of a session is the one that its launch wrote down", async () => {
    declare(["  - { name: bob, class: implementer, runtime: own, model_hint: opus }"]);
    const session = await launchPeer(bob.sandbox, "bob", "own");
    const file = join(bob.sandbox.root, "state/iapeer/lifecycle", `own-bob.${session.incarnation}`, "session.json");
    const withModel = (model: string) =>
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), model }), { mode: 0o600 });
    withModel("sonnet");
    expect((await ps()).rows[0]?.drift).toEqual([{ code: "model-differs", message: "the file says opus; running: sonnet" }]);
    withModel("opus");
    expect((await ps()).rows[0]?.drift).toEqual([]);
  });

  test("a table of usual names fits 80 columns", async () => {
    for (const name of ["orchestrator", "implementer-0"]) await ok(bob.sandbox, "add", name);
    declare([
      "  - { name: orchestrator, class: orchestrator }",
      "  - { name: implementer-0, class: implementer, runtime: opencode }",
    ]);
    const { stdout } = await bob.sandbox.iapeer("fleet", "ps");
    for (const line of stdout.split("\n").slice(0, 3)) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("a file with an error is exit 2 with every problem, none at all exit 3, a damaged state exit 5", async () => {
    const none = await bob.sandbox.iapeer("fleet", "ps", "--json");
    expect([none.status, none.stdout, errorLine(none)]).toEqual([
      3,
      "",
      expect.objectContaining({ code: "file-not-found", hint: expect.stringContaining("fleet init") as unknown }),
    ]);
    bob.sandbox.write(
      "broken.yaml",
      "version: 1\npolicy: none\nagents:\n  - { name: Bob, class: tester }\n  - { name: b, class: tester, runtime: nope }\n",
    );
    const broken = await bob.sandbox.iapeer("fleet", "ps", "--file", "broken.yaml", "--json");
    expect([broken.status, broken.stdout]).toEqual([2, ""]);
    expect(errorLine(broken)).toMatchObject({
      code: "fleet-invalid",
      details: {
        problems: [
          { code: "fleet-invalid-name", line: 4 },
          { code: "fleet-unknown-runtime", line: 5 },
        ],
      },
    });
    const told = await bob.sandbox.iapeer("fleet", "ps", "--file", "broken.yaml");
    const checked = await bob.sandbox.iapeer("fleet", "check", join(bob.sandbox.folder, "broken.yaml"));
    expect(told.stderr).toStartWith(checked.stdout.split("\n").slice(0, -2).join("\n"));
    declare([BOB]);
    bob.sandbox.write("root/state/iapeer/fleet.json", "{");
    expect((await bob.sandbox.iapeer("fleet", "ps")).status).toBe(5);
  });

  test.each([[["--within", "0s"]], [["--within", "soon"]], [["--interval", "2s"]], [["--watch", "--interval", "0s"]]])(
    "%p is a wrong call",
    async (args) => {
      declare([BOB]);
      expect((await bob.sandbox.iapeer("fleet", "ps", ...args)).status).toBe(2);
    },
  );
});

describe("fleet ps --watch", () => {
  const broken = () => bob.sandbox.write("root/fleet.yaml", "version: 1\nagents: [\n");

  test("on a terminal draws over itself, follows its size, shows a broken file and goes on, and gives the screen back", async () => {
    declare([BOB]);
    using terminal = openTerminal(bob.sandbox, { columns: 100 });
    await terminal.shows(/^\$/);
    terminal.type("echo before; iapeer fleet ps --watch --interval 1s");
    await terminal.shows(/every 1 s[^]*bob[^]*1 agent: 1 down/);
    expect(terminal.ask("#{alternate_on} #{cursor_flag}")).toBe("1 0");
    expect(terminal.screen()).not.toContain("before");
    await launchPeer(bob.sandbox, "bob", "own");
    await terminal.shows(/1 agent: 1 silent/);
    expect(terminal.screen().split("bob").length).toBe(2);
    broken();
    await terminal.shows(/fleet-syntax/);
    expect(terminal.screen()).not.toContain("1 agent");
    declare([BOB]);
    await terminal.shows(/1 agent: 1 silent/);
    expect(terminal.screen()).not.toContain("fleet-syntax");
    terminal.resize(30, 4);
    await terminal.shows(/… \d more lines/);
    expect(Bun.stripANSI(terminal.screen()).trimEnd().split("\n").length).toBeLessThanOrEqual(4);
    terminal.resize(90, 20);
    await terminal.shows(/1 agent: 1 silent/);
    terminal.key("C-z");
    await terminal.shows(/before/);
    expect(terminal.ask("#{alternate_on} #{cursor_flag}")).toBe("0 1");
    terminal.type("fg");
    await until("it is there again", () => terminal.ask("#{alternate_on}") === "1");
    await terminal.shows(/1 agent: 1 silent/);
    terminal.key("C-c");
    await until("it has gone", () => terminal.ask("#{alternate_on}") === "0");
    terminal.type("echo status=$?");
    await terminal.shows(/before[^]*status=130/);
    expect(terminal.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}")).toBe("0 1 1");
  });

  test("follows the terminal's size at once, and gives the screen back when it is terminated", async () => {
    declare([BOB]);
    using terminal = openTerminal(bob.sandbox);
    await terminal.shows(/^\$/);
    terminal.type("echo before; iapeer fleet ps --watch --interval 1h");
    await terminal.shows(/1 agent/);
    terminal.resize(30, 4);
    await terminal.shows(/… \d more lines/);
    terminal.resize(100, 20);
    await terminal.shows(/1 agent/);
    const watching = listProcesses().find(({ pid }) => commandOf(pid).includes("--watch") && commandOf(pid).startsWith(BINARY))!;
    signal("TERM", watching);
    await terminal.shows(/before[^]*\[exit 143\]/);
    expect(terminal.ask("#{alternate_on} #{cursor_flag}")).toBe("0 1");
  });

  test("elsewhere prints an array a line, and the problem of a broken file on stderr", async () => {
    declare([BOB]);
    const child = bob.sandbox.start(["fleet", "ps", "--watch", "--interval", "1s", "--json"]);
    const reader = child.stdout.getReader();
    let text = "";
    const untilLines = async (count: number) => {
      while (text.split("\n").length <= count) text += new TextDecoder().decode((await reader.read()).value);
    };
    await untilLines(2);
    broken();
    const problem = (await child.stderr.getReader().read()).value;
    declare([BOB]);
    await untilLines(4);
    child.kill("SIGTERM");
    await child.exited;
    for (const line of text.trimEnd().split("\n")) expect(JSON.parse(line)).toMatchObject([{ peer: "bob", health: "down" }]);
    expect(JSON.parse(new TextDecoder().decode(problem).split("\n")[0]!)).toMatchObject({ error: { code: "fleet-invalid" } });
    expect(child.exitCode).toBe(143);
  });

  test("prints tables with a line between them, and ends when nobody reads any more", async () => {
    declare([BOB]);
    const child = Bun.spawn(["sh", "-c", `'${BINARY}' fleet ps --watch --interval 1s | head -n 6; echo ended`], {
      env: bob.sandbox.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^AGENT.*\nbob .*\n\n1 agent: 1 down; 1 needs a look\n\nAGENT.*\nended\n$/);
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
