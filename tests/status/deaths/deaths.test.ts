import { describe, expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { renderLogLine } from "../../../src/core/text/logfmt.ts";
import { findDeath, readDeaths, readLastDeath, readLastDeaths } from "../../../src/status/deaths/deaths.ts";
import type { Verdict } from "../../../src/status/deaths/types.ts";
import { errorOf, openScratch, type Scratch } from "../../support/scratch.ts";

const NOW_MS = Date.parse("2026-01-02T12:00:00.000Z");
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

function at(hoursAgo: number): string {
  return new Date(NOW_MS - hoursAgo * HOUR_MS).toISOString();
}

/** A line of exits.log; what is given comes in the place of these fields. */
function line(hoursAgo: number, more: Readonly<Record<string, unknown>> = {}): string {
  const fields = { ts: at(hoursAgo), ev: "server-exit", identity: "claude-a", ...more } as Record<string, string>;
  return `${renderLogLine(fields)}\n`;
}

function logIn(scratch: Scratch, ...texts: readonly (string | undefined)[]): { exitsLog: string } {
  const exitsLog = scratch.at("exits.log");
  texts.forEach((text, number) => {
    if (text !== undefined) writeFileSync(number === 0 ? exitsLog : `${exitsLog}.${number}`, text);
  });
  return { exitsLog };
}

describe("the ends of the last day", () => {
  const count = (logs: { exitsLog: string }) => readDeaths(logs, { sinceMs: NOW_MS - DAY_MS }).length;

  test.each([
    ["nothing", "", 0],
    ["an end of an hour ago", line(1), 1],
    ["an end of exactly a day ago", line(24), 1],
    ["an end of more than a day ago", line(24.001), 0],
    ["ends of sessions and servers", line(2, { ev: "session-exit" }) + line(1), 2],
    ["what is no end", line(1, { ev: "canary-armed" }), 0],
    ["a line that was cut short", line(2) + line(1).slice(0, 20), 1],
    [
      "a detail that looks like an end",
      line(1, { ev: "note", detail: "x\nts=2026-01-02T11:00:00.000Z ev=server-exit identity=b" }),
      0,
    ],
    [
      "an end in the detail of one line",
      line(1, { ev: "note", detail: "ts=2026-01-02T11:00:00.000Z ev=server-exit identity=b" }),
      0,
    ],
    ["a time that is none", "ts=soon ev=server-exit identity=claude-a\n", 0],
    ["an end of nobody", line(1, { identity: "" }), 0],
  ])("a log of %s", (_, text, expected) => {
    using scratch = openScratch();
    expect(count(logIn(scratch, text))).toBe(expected);
  });

  test("ends in logs that were rotated count too, whatever number is missing between them", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(1), line(5) + line(4), undefined, line(30) + line(23), undefined, line(22));
    expect(count(logs)).toBe(5);
    expect(readDeaths(logs)).toHaveLength(6);
  });

  test("a log that was rotated just now and is still empty, or not there yet, hides none", () => {
    using scratch = openScratch();
    expect(count(logIn(scratch, "", line(2)))).toBe(1);
    expect(count(logIn(scratch, undefined, line(2)))).toBe(1);
  });

  test("an old log is not even read when nothing in it can be asked for", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(1), line(2));
    const long = new Date(NOW_MS - 3 * DAY_MS);
    utimesSync(`${logs.exitsLog}.1`, long, long);
    expect(count(logs)).toBe(1);
    expect(readDeaths(logs)).toHaveLength(2);
  });

  test("no log is no end, and a folder in its place cannot be read", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("folder"));
    expect(count({ exitsLog: scratch.at("gone", "log") })).toBe(0);
    expect(errorOf(() => count({ exitsLog: scratch.at("folder") })).code).toBe("log-untrusted");
  });

  test("what stands beside the logs is none of them", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(1));
    for (const name of ["exits.log.old", "exits.log.1.gz", "exits.log.0", "exits.log.-1"])
      writeFileSync(scratch.at(name), line(2));
    expect(count(logs)).toBe(1);
  });
});

describe("a record", () => {
  const readOne = (text: string) => {
    using scratch = openScratch();
    return readDeaths(logIn(scratch, text))[0]!;
  };

  test("has its numbers as numbers, and nothing of what is empty", () => {
    const more = {
      ev: "session-exit",
      dead_status: 7,
      dead_signal: "",
      pane_pid: 1,
      server_pid: 2,
      incarnation: "u",
      lived_secs: 12.5,
      forensics: "/f",
    };
    expect(readOne(line(1, more))).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
      ts: at(1),
      ev: "session-exit",
      identity: "claude-a",
      verdict: "failed",
      dead_status: 7,
      pane_pid: 1,
      server_pid: 2,
      incarnation: "u",
      lived_secs: 12.5,
      forensics: "/f",
    });
  });

  test("of an older version has what every line has, and no verdict that nothing speaks for", () => {
    expect(readOne(line(1))).toEqual({
      id: expect.any(String),
      ts: at(1),
      ev: "server-exit",
      identity: "claude-a",
      verdict: "unknown",
    });
  });

  test("a number that is none is absent", () => {
    const { server_pid, wait_rc } = readOne(line(1, { server_pid: "many", wait_rc: "0x1" }));
    expect([server_pid, wait_rc]).toEqual([undefined, undefined]);
  });

  test.each([
    [{ dead_signal: "KILL" }, "killed"],
    [{ dead_signal: "TERM" }, "killed"],
    [{ dead_signal: "9" }, "killed"],
    [{ dead_signal: "SIGRTMIN" }, "killed"],
    [{ dead_signal: "99" }, "killed"],
    ...["SEGV", "ABRT", "BUS", "ILL", "FPE", "TRAP", "SYS", "SIGSEGV", "11"].map(
      (dead_signal) => [{ dead_signal }, "crashed"] as const,
    ),
    [{ dead_status: 0 }, "orderly-exit"],
    [{ dead_status: 1 }, "failed"],
    [{ dead_status: 137 }, "failed"],
    [{ dead_status: "", dead_signal: "" }, "unknown"],
    [{ dead_status: 0, dead_signal: "KILL", verdict: "oom-kill" }, "oom-kill"],
    [{ verdict: "a-word-of-later" }, "unknown"],
    [{ ev: "server-exit", signal: "KILL" }, "killed"],
    [{ ev: "server-exit", signal: "SEGV" }, "crashed"],
    [{ ev: "server-exit", wait_rc: 137 }, "unknown"],
  ])("with %p is %s", (fields, verdict) => {
    expect(readOne(line(1, { ev: "session-exit", ...fields })).verdict).toBe(verdict as never);
  });

  test("whatever is in it comes back from its line as it was", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((one) => one.isWellFormed());
    const number = fc.nat();
    const record = fc.record(
      {
        identity: text,
        verdict: fc.constantFrom<Verdict[]>("oom-kill", "killed", "crashed", "failed", "orderly-exit", "host-restart", "unknown"),
        ...Object.fromEntries(
          ["cause", "signal", "dead_signal", "forensics", "witness", "incarnation"].map((key) => [key, text]),
        ),
        ...Object.fromEntries(["server_pid", "dead_status", "wait_rc", "lived_secs", "pane_pid"].map((key) => [key, number])),
      },
      { requiredKeys: ["identity", "verdict"] },
    );
    const event = fc.constantFrom("session-exit", "server-exit");
    const when = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") });
    fc.assert(
      fc.property(record, event, when, (fields, ev, date) => {
        const told = { ts: date.toISOString(), ev, ...fields };
        const { id, ...death } = readOne(`${renderLogLine(told)}\n`);
        expect(death).toEqual(told as never);
        expect(id).toMatch(/^[0-9a-f]{8}$/);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the order", () => {
  test("is by the time of death, whatever a clock that went back did to the log, and of equal times the later line first", () => {
    using scratch = openScratch();
    const logs = logIn(
      scratch,
      line(3, { identity: "c-c" }) + line(9, { identity: "d-d" }) + line(3, { identity: "e-e" }),
      line(1, { identity: "a-a" }),
    );
    expect(readDeaths(logs).map(({ identity }) => identity)).toEqual(["a-a", "e-e", "c-c", "d-d"]);
  });

  test("some identities are asked for", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(3) + line(2, { identity: "claude-b" }) + line(1));
    expect(readDeaths(logs, { identities: ["claude-b", "codex-b"] }).map(({ ts }) => ts)).toEqual([at(2)]);
  });
});

test("a server that died with others has their incident also where the others are not asked for", () => {
  using scratch = openScratch();
  const logs = logIn(scratch, line(2) + line(2, { identity: "claude-b", server_pid: 3 }) + line(1));
  const [first, second] = readDeaths(logs, { sinceMs: NOW_MS - 3 * HOUR_MS }).filter(({ ts }) => ts === at(2));
  expect(first!.incident).toMatch(/^[0-9a-f]{8}$/);
  expect(second!.incident).toBe(first!.incident);
  expect(readDeaths(logs, { identities: ["claude-b"] })).toEqual([first!]);
});

describe("two records of one end", () => {
  const session = { ev: "session-exit", incarnation: "u" };
  const server = { ev: "server-exit", incarnation: "u", cause: "server-vanished" };
  const unwitnessed = { ...server, cause: "unwitnessed" };

  test.each([
    [
      "a session's, which knows its status, over a server that ended in order",
      { ...session, dead_status: 7 },
      { ...server, verdict: "orderly-exit" },
    ],
    ["a session's over a server of which nothing is known", { ...session, dead_status: 7 }, { ...server, verdict: "unknown" }],
    ["a session's over what nobody witnessed", { ...session, dead_signal: "HUP" }, { ...unwitnessed, verdict: "killed" }],
    [
      "a server that was killed over its session",
      { ...server, signal: "KILL", verdict: "killed" },
      { ...session, dead_signal: "HUP" },
    ],
    ["a session of which nothing is known over a server of which nothing is", session, { ...unwitnessed, verdict: "unknown" }],
    [
      "a witnessed end over one that nobody witnessed",
      { ...server, verdict: "oom-kill" },
      { ...unwitnessed, verdict: "oom-kill" },
    ],
  ])("are one: %s", (_, kept, dropped) => {
    for (const text of [line(2, kept) + line(1, dropped), line(2, dropped) + line(1, kept)]) {
      using scratch = openScratch();
      const logs = logIn(scratch, text);
      expect(readDeaths(logs).map(({ ev, cause }) => ({ ev, cause }))).toEqual([
        { ev: kept.ev as never, cause: (kept as typeof server).cause },
      ]);
      expect(readLastDeaths(logs, ["claude-a"]).get("claude-a")).toMatchObject({ ev: kept.ev });
    }
  });

  test("are one across a rotation, and of equals the first stays", () => {
    using scratch = openScratch();
    expect(readDeaths(logIn(scratch, line(1, server), line(2, server))).map(({ ts }) => ts)).toEqual([at(2)]);
  });

  test("of two identities, or two incarnations, are two", () => {
    using scratch = openScratch();
    const text = line(3, server) + line(2, { ...server, identity: "codex-a" }) + line(1, { ...server, incarnation: "v" });
    expect(readDeaths(logIn(scratch, text))).toHaveLength(3);
  });
});

describe("an id", () => {
  test("stays the same when the log is rotated", () => {
    using scratch = openScratch();
    const [before] = readDeaths(logIn(scratch, line(1, { server_pid: 4, incarnation: "u" })));
    const [after] = readDeaths(logIn(scratch, "", line(1, { server_pid: 4, incarnation: "u" })));
    expect(after).toEqual(before);
  });

  test("is of the time, the event, the identity, the server and the incarnation", () => {
    const others = [{}, { ts: at(2) }, { ev: "session-exit" }, { identity: "b-b" }, { server_pid: 1 }, { incarnation: "u" }];
    using scratch = openScratch();
    expect(new Set(readDeaths(logIn(scratch, others.map((more) => line(1, more)).join(""))).map(({ id }) => id)).size).toBe(
      others.length,
    );
  });

  const withIds = (...ids: readonly string[]) =>
    ids.map((id) => ({ id, ts: at(1), ev: "server-exit", identity: "claude-a", verdict: "unknown" }) as const);
  const deaths = withIds("3f2a0000", "3f2a1111", "abcd0123");

  test.each([
    ["abcd0123", "abcd0123"],
    ["abcd", "abcd0123"],
    ["ABCD0", "abcd0123"],
    ["3f2a1", "3f2a1111"],
  ])("%s finds one death", (typed, id) => {
    expect(findDeath(deaths, typed).id).toBe(id);
  });

  test.each([
    ["3f2a", "death-ambiguous", 2],
    ["0000", "death-not-found", 3],
    ["abcd01234", "death-not-found", 3],
    ["abc", "invalid-value", 2],
    ["abcx0", "invalid-value", 2],
    ["../../x\u001b[31m", "invalid-value", 2],
  ])("%p finds none: %s", (typed, code, status) => {
    const error = errorOf(() => findDeath(deaths, typed));
    expect({ code: error.code, status: error.exitStatus }).toEqual({ code: code as never, status });
    expect(error.hint).toContain(code === "death-ambiguous" ? "3f2a0000, 3f2a1111" : "iapeer deaths");
  });
});

describe("the last death of each identity", () => {
  test("is the newest, also when the log was rotated just now; who is not asked for or never died is not there", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(2) + line(1) + line(1, { identity: "codex-z" }), line(3, { identity: "claude-b" }));
    const last = readLastDeaths(logs, ["claude-a", "claude-b", "claude-c"]);
    expect(Object.fromEntries([...last].map(([identity, { ts }]) => [identity, ts]))).toEqual({
      "claude-a": at(1),
      "claude-b": at(3),
    });
  });

  test("is found behind whatever else is told of it", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(2) + line(1, { ev: "canary-armed" }).repeat(20));
    expect(readLastDeaths(logs, ["claude-a"]).get("claude-a")?.ts).toBe(at(2));
  });

  test("has the id that every other command gives it", () => {
    using scratch = openScratch();
    const logs = logIn(scratch, line(2, { incarnation: "u", server_pid: 5 }));
    expect(readLastDeaths(logs, ["claude-a"]).get("claude-a")).toEqual(readDeaths(logs)[0]);
  });

  test("of one peer is found wherever it is, with its incident", () => {
    using scratch = openScratch();
    const filler = line(1, { identity: "codex-z" }).repeat(20_000);
    const logs = logIn(scratch, line(3) + line(3, { identity: "claude-b" }) + filler, line(30, { identity: "codex-a" }));
    for (const identities of [["codex-a", "claude-a"], ["codex-a"], ["codex-z"], ["codex-n"]]) {
      expect(readLastDeath(logs, identities)).toEqual(readDeaths(logs, { identities })[0]);
    }
    expect(readLastDeath(logs, ["claude-b"])?.incident).toBeDefined();
  });

  test("is looked for in the newest MiB alone", () => {
    using scratch = openScratch();
    const filler = line(1, { identity: "codex-z" }).repeat(20_000);
    expect(readLastDeaths(logIn(scratch, line(2) + filler), ["claude-a", "codex-z"])).toEqual(
      new Map([["codex-z", expect.anything()]]) as never,
    );
  });
});
