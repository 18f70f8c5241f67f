// Contract 8: deaths, deaths show, and what list, show and status say of them.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { renderLogLine } from "../../src/core/text/logfmt.ts";
import { errorLine, ok, valuesOf } from "../support/calls.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

const MINUTE_MS = 60_000;

interface Told extends Readonly<Record<string, string | number>> {
  readonly identity: string;
}

/** Writes exits.log with deaths so many minutes ago, in log order. */
function record(sandbox: Sandbox, ...deaths: readonly (readonly [minutesAgo: number, fields: Told])[]): void {
  const nowMs = Date.now();
  const lines = deaths.map(([minutesAgo, fields]) => {
    const ts = new Date(nowMs - minutesAgo * MINUTE_MS).toISOString();
    return renderLogLine({ ts, ev: "server-exit", ...fields });
  });
  sandbox.write(join(sandbox.root, "logs/iapeer/exits.log"), lines.map((line) => `${line}\n`).join(""));
}

const KILLED = {
  cause: "server-vanished",
  signal: "KILL",
  verdict: "oom-kill",
  server_pid: 4242,
  wait_rc: 137,
  lived_secs: 11_520,
};

describe("deaths", () => {
  test("none is an empty array, and a note for a person", async () => {
    using sandbox = openSandbox();
    expect(await sandbox.json("deaths")).toEqual([]);
    expect(await sandbox.iapeer("deaths")).toMatchObject({ status: 0, stdout: "", stderr: "no deaths\n" });
  });

  test("every unclaimed end, the newest first, those of rotated logs too", async () => {
    using sandbox = openSandbox();
    record(
      sandbox,
      [120, { identity: "claude-a", ...KILLED }],
      [2, { identity: "claude-a", ev: "session-exit", dead_status: 7, dead_signal: "" }],
    );
    sandbox.write(
      join(sandbox.root, "logs/iapeer/exits.log.3"),
      "ts=2026-01-01T00:00:00.000Z ev=session-exit identity=codex-b dead_status= dead_signal=SEGV\n",
    );
    expect(await sandbox.json("deaths")).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}$/),
        ts: expect.any(String),
        ev: "session-exit",
        identity: "claude-a",
        verdict: "failed",
        dead_status: 7,
      },
      { id: expect.any(String), ts: expect.any(String), ev: "server-exit", identity: "claude-a", ...KILLED },
      {
        id: expect.any(String),
        ts: "2026-01-01T00:00:00.000Z",
        ev: "session-exit",
        identity: "codex-b",
        verdict: "crashed",
        dead_signal: "SEGV",
      },
    ]);
    const { stdout } = await ok(sandbox, "deaths");
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((row) => row.split(/ {2,}/).slice(1, 5));
    expect(rows).toEqual([
      ["IDENTITY", "WHAT", "VERDICT", "CAUSE"],
      ["claude-a", "its session ended", "failed", "exit 7"],
      ["claude-a", "its server died", "oom-kill", "signal KILL"],
      ["codex-b", "its session ended", "crashed", "signal SEGV"],
    ]);
    expect(stdout).toMatch(/Z \(2 min ago\)/);
    expect(stdout).toMatch(/Z \(2 h ago\)/);
  });

  test("--since and --peer choose, a peer that was removed since too", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "living");
    record(sandbox, [120, { identity: "claude-a" }], [50, { identity: "codex-a" }], [10, { identity: "claude-a-b" }]);
    expect(valuesOf(await sandbox.json("deaths", "--since", "1h"), "identity")).toEqual(["claude-a-b", "codex-a"]);
    expect(valuesOf(await sandbox.json("deaths", "--peer", "a"), "identity")).toEqual(["codex-a", "claude-a"]);
    expect(valuesOf(await sandbox.json("deaths", "--peer", "a", "--since", "3000s"), "identity")).toEqual([]);
    expect(await sandbox.json("deaths", "--peer", "living")).toEqual([]);
    const stranger = await sandbox.iapeer("deaths", "--peer", "livin", "--json");
    expect({ ...errorLine(stranger), status: stranger.status }).toMatchObject({
      code: "peer-not-found",
      hint: "did you mean living?",
      status: 3,
    });
    expect((await sandbox.iapeer("deaths", "--since", "yesterday")).status).toBe(2);
  });

  test("servers that died together stand together, under what they have in common", async () => {
    using sandbox = openSandbox();
    const together = [10, { identity: "claude-a", ...KILLED }] as const;
    record(
      sandbox,
      together,
      [9.97, { identity: "claude-c", ev: "session-exit", dead_status: 0 }],
      [9.95, { identity: "codex-b", ...KILLED }],
      [30, { identity: "x-y" }],
    );
    const { stdout } = await ok(sandbox, "deaths");
    const lines = stdout.trimEnd().split("\n");
    expect(lines[1]).toMatch(/^2 servers died together within 3 s: likely oom-kill/);
    expect(lines.slice(2, 4).map((line) => /^ {2}\S.* (\w+-\w) /.exec(line)?.[1])).toEqual(["codex-b", "claude-a"]);
    expect(lines.slice(4).join("\n")).toMatch(/^20\S+ .*claude-c.*\n20\S+ .*x-y/);
    const [b, , a, alone] = await sandbox.json("deaths");
    expect(a.incident).toBe(a.id);
    expect([b.incident, alone.incident]).toEqual([a.id, undefined]);
    expect((await ok(sandbox, "deaths", "--peer", "b")).stdout).toContain("likely oom-kill: memory ran out (1 of them shown)\n");
  });

  test("of servers that were only found gone it is not said when they died", async () => {
    using sandbox = openSandbox();
    record(sandbox, [10, { identity: "a-a", cause: "unwitnessed" }], [10, { identity: "a-b", cause: "unwitnessed" }]);
    expect((await ok(sandbox, "deaths")).stdout).toContain(
      "2 servers were found gone within 1 s: what they have in common is not known",
    );
  });
});

describe("deaths show", () => {
  const FORENSICS = [
    "iapeer forensics 1",
    "identity: claude-a",
    "reason: the kernel killed one process of its group",
    "reason: second\u001b[31m",
    "",
    "== last lines ==",
    "\u001b[1mthinking\u001b[0m\r\n10%\r100%\r",
    "",
    "== memory counters ==",
    "oom_kill\t1\u001b[2J",
    "",
  ].join("\n");

  function die(sandbox: Sandbox, more: Readonly<Record<string, string | number>> = {}): void {
    record(sandbox, [10, { identity: "claude-a", ...KILLED, forensics: join(sandbox.root, "f.txt"), ...more }]);
  }

  test("adds how long it lived, the reasons, the last lines and the forensics", async () => {
    using sandbox = openSandbox();
    die(sandbox);
    sandbox.write(join(sandbox.root, "f.txt"), FORENSICS);
    const [death] = await sandbox.json("deaths");
    expect(await sandbox.json("deaths", "show", (death.id as string).slice(0, 4))).toEqual({
      ...death,
      lived_secs: 11_520,
      reasons: ["the kernel killed one process of its group", "second\u001b[31m"],
      last_lines: ["thinking", "100%"],
      forensics_text: FORENSICS,
    });
    const { stdout } = await ok(sandbox, "deaths", "show", death.id);
    expect(stdout).toStartWith("claude-a: its server died, after 3 h 12 min\n");
    for (const said of [
      death.ts,
      "oom-kill",
      "signal KILL",
      "the kernel killed one process",
      "last lines:\n  thinking\n  100%\n",
      "memory counters:\n  oom_kill  1?[2J\n",
    ]) {
      expect(stdout).toContain(said);
    }
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test.each([
    ["gone", undefined, 0o600, "is gone"],
    ["of others to write", FORENSICS, 0o622, "may be written by others"],
    ["too large", "x".repeat(1_100_000), 0o600, "more than the 1048576"],
  ])("a forensics file that is %s is said to be so", async (_, text, mode, said) => {
    using sandbox = openSandbox();
    die(sandbox);
    if (text !== undefined) sandbox.write(join(sandbox.root, "f.txt"), text, mode);
    const [{ id }] = await sandbox.json("deaths");
    expect((await ok(sandbox, "deaths", "show", id)).stdout).toMatch(new RegExp(`\nforensics: .*${said}`));
    expect(await sandbox.json("deaths", "show", id)).toMatchObject({ reasons: [], last_lines: [], forensics_text: null });
  });

  test("a record of an older version is shown with what it has", async () => {
    using sandbox = openSandbox();
    record(sandbox, [1, { identity: "claude-a" }]);
    const [{ id }] = await sandbox.json("deaths");
    expect((await ok(sandbox, "deaths", "show", id)).stdout).toMatch(
      /cause: +not known\nverdict: +unknown\nforensics: none were kept\n$/,
    );
    expect(await sandbox.json("deaths", "show", id)).toMatchObject({ lived_secs: null, forensics_text: null });
  });

  test("what no death has, or several have, is refused", async () => {
    using sandbox = openSandbox();
    const missing = await sandbox.iapeer("deaths", "show", "0000", "--json");
    expect({ ...errorLine(missing), status: missing.status }).toMatchObject({
      code: "death-not-found",
      hint: "see: iapeer deaths",
      status: 3,
    });
    expect((await sandbox.iapeer("deaths", "show")).status).toBe(2);
    expect((await sandbox.iapeer("deaths", "show", "zzzz")).status).toBe(2);
  });

  test("nothing that a log holds reaches a terminal as it is", async () => {
    using sandbox = openSandbox();
    record(sandbox, [1, { identity: "claude-a\u001b[31m", cause: "\u001b]0;x\u0007", forensics: "/\u001b[2J" }]);
    const [{ id }] = await sandbox.json("deaths");
    for (const args of [["deaths"], ["deaths", "show", id]]) {
      // oxlint-disable-next-line no-control-regex
      expect((await ok(sandbox, ...args)).stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    }
  });
});

describe("elsewhere", () => {
  test("list has each peer's last death, and a column where one of the last day is", async () => {
    using sandbox = openSandbox();
    for (const peer of ["a", "b", "c"]) await ok(sandbox, "add", peer);
    record(
      sandbox,
      [2000, { identity: "claude-b", ev: "session-exit" }],
      [20, { identity: "claude-a", ...KILLED }],
      [5, { identity: "codex-a" }],
    );
    const [a, b, c] = await sandbox.json("list");
    expect(a.last_death).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
      ts: expect.any(String),
      ev: "server-exit",
      verdict: "oom-kill",
    });
    expect([b.last_death.ev, c.last_death]).toEqual(["session-exit", undefined]);
    expect((await sandbox.json("show", "a")).last_death).toMatchObject({
      ...a.last_death,
      identity: "claude-a",
      server_pid: 4242,
    });
    const { stdout } = await ok(sandbox, "list");
    expect(stdout).toMatch(/^PEER +RUNTIMES +LAST DEATH +FOLDER/);
    expect(stdout).toMatch(/^a +claude asleep +oom-kill, 20 min ago +\//m);
    expect(stdout).toMatch(/^b +claude asleep +\//m);
    record(sandbox, [2000, { identity: "claude-b" }]);
    expect((await ok(sandbox, "list")).stdout).not.toContain("LAST DEATH");
  });

  test("a log that cannot be read is a warning to list, which goes on", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    sandbox.write(join(sandbox.root, "logs/iapeer/exits.log"), "", 0);
    const { stdout, stderr, status } = await sandbox.iapeer("list");
    expect(stdout).toContain("a ");
    expect(status).toBe(0);
    if (process.getuid!() !== 0) expect(stderr).toContain("warning: cannot open");
  });

  test("status says where to look", async () => {
    using sandbox = openSandbox();
    record(sandbox, [5, { identity: "claude-a" }]);
    const { stdout, status } = await sandbox.iapeer("status");
    expect(stdout).toContain("! unclaimed ends in the last 24 hours: 1; see: iapeer deaths --since 24h");
    expect(status).toBe(1);
  });
});
