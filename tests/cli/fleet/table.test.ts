import { expect, test } from "bun:test";
import { createColors } from "../../../src/cli/colors.ts";
import { renderFleet } from "../../../src/cli/fleet/table.ts";
import type { PsRow } from "../../../src/fleet/ps/types.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const NO_COLORS = createColors(false);

function row(peer: string, more: Partial<PsRow> = {}): PsRow {
  return {
    identity: `claude-${peer}`,
    peer,
    class: "implementer",
    runtime: "claude",
    host: "mill",
    tenant: "me",
    declared: true,
    applied: true,
    registered: true,
    unit: "absent",
    status: "live",
    health: "healthy",
    heartbeat_age_secs: 12,
    since: "2026-03-01T08:58:00.000Z",
    up_secs: 10_920,
    server_pid: 4242,
    last_death: null,
    drift: [],
    ...more,
  };
}

const DEATH = { id: "0123abcd", ts: "2026-03-01T11:57:00.000Z", verdict: "killed", cause: null } as const;
const DOWN = {
  status: "asleep",
  health: "down",
  heartbeat_age_secs: null,
  since: null,
  up_secs: null,
  server_pid: null,
} as const;

test("a table that a person reads", () => {
  const rows = [
    row("orchestrator", { class: "orchestrator", unit: "enabled" }),
    row("mirror", { health: "silent", heartbeat_age_secs: null }),
    row("coder0", { ...DOWN, last_death: DEATH }),
    row("coder1", { ...DOWN, status: "stopped", heartbeat_age_secs: 7300 }),
    row("coder0-0", { ...DOWN, status: "remote", health: "remote", host: "10.1.10.37", unit: null }),
    row("loose", {
      class: null,
      declared: false,
      drift: [{ code: "running-undeclared", message: "it runs, and no fleet declares it" }],
    }),
  ];
  expect(renderFleet(rows, { colors: NO_COLORS, now: NOW })).toBe(
    [
      "AGENT         CLASS         RUNTIME  HEALTH          BEAT   UP   BOOT     LAST DEATH        HOST",
      "orchestrator  orchestrator  claude   healthy         12 s   3 h  enabled",
      "mirror        implementer   claude   silent          never  3 h",
      "coder0        implementer   claude   down                                 killed 3 min ago",
      "coder1        implementer   claude   down (stopped)  2 h",
      "coder0-0      implementer   claude   remote                                                 me@10.1.10.37",
      "loose                       claude   healthy         12 s   3 h",
      "",
      "loose: running-undeclared: it runs, and no fleet declares it",
      "6 agents: 2 healthy, 1 silent, 2 down, 1 remote; 4 need a look",
    ].join("\n"),
  );
});

test("columns that say nothing are left out", () => {
  expect(renderFleet([row("a")], { colors: NO_COLORS, now: NOW })).toBe(
    "AGENT  CLASS        RUNTIME  HEALTH   BEAT  UP\na      implementer  claude   healthy  12 s  3 h\n\n1 agent: 1 healthy",
  );
  expect(renderFleet([], { colors: NO_COLORS, now: NOW })).toBe("AGENT  CLASS  RUNTIME  HEALTH  BEAT  UP\n\n0 agents");
});

test("what is the same of many agents is said once", () => {
  const drift = [{ code: "not-applied", message: "it is not" }] as const;
  const rows = ["a", "b", "c", "d", "e"].map((name) => row(name, { drift }));
  expect(renderFleet(rows, { colors: NO_COLORS, now: NOW })).toContain("\na, b, c and 2 more: not-applied: it is not\n");
  expect(renderFleet(rows.slice(1), { colors: NO_COLORS, now: NOW })).toContain("\nb, c, d, e: not-applied: it is not\n");
});

test("what a file says reaches the terminal tamed", () => {
  const text = renderFleet([row("a", { class: "\u001b[31m", drift: [{ code: "model-differs", message: "a\n\u001b[2J" }] })], {
    colors: NO_COLORS,
    now: NOW,
  });
  expect(text).not.toContain("\u001b");
});
