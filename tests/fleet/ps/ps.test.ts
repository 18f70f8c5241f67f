import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Agent } from "../../../src/model/agent.ts";
import type { FleetFacts, SessionFacts } from "../../../src/fleet/ps/facts.ts";
import { DRIFT_CODES } from "../../../src/fleet/ps/drift-codes.ts";
import { joinFleet, needsPerson } from "../../../src/fleet/ps/ps.ts";
import type { PsRow } from "../../../src/fleet/ps/types.ts";
import type { Peer } from "../../../src/registry/types.ts";
import { SURROUNDINGS } from "../../support/fleet.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");

function agent(name: string, more: Partial<Agent> = {}): Agent {
  return { name, class: "implementer", runtime: "claude", isPersistent: false, ...more };
}

function peerOf(personality: string, more: Partial<Peer> = {}): Peer {
  return {
    personality,
    defaultRuntime: "claude",
    runtimes: ["claude"],
    description: "",
    intelligence: "artificial",
    cwd: `/root/peers/${personality}`,
    isManager: false,
    isBeingRemoved: false,
    ...more,
  };
}

function live(more: Partial<SessionFacts> = {}, launch: object = {}): SessionFacts {
  const launched = { launchedAt: "2026-03-01T11:00:00.000Z", isAgentRunning: true, ...launch };
  return { status: "live", heartbeatAgeSecs: 5, lastDeath: null, session: { serverPid: 4242, launch: launched }, ...more };
}

interface World {
  readonly agents?: readonly Agent[];
  readonly applied?: readonly Agent[];
  readonly left?: readonly Agent[];
  readonly peers?: readonly Peer[];
  readonly sessions?: Readonly<Record<string, SessionFacts>>;
  readonly socketName?: string;
  readonly units?: Readonly<Record<string, "enabled" | "disabled">>;
  readonly isInstalled?: boolean;
}

/** One agent, declared, applied, registered and healthy, unless it is said otherwise. */
function factsOf(world: World): FleetFacts {
  const agents = world.agents ?? [agent("alice")];
  const units = world.units ?? {};
  return {
    fleet: { agents, ...(world.socketName !== undefined && { socketName: world.socketName }) },
    applied: { file: "/fleet.yaml", agents: world.applied ?? agents, left: world.left ?? [] },
    peers: world.peers ?? [peerOf("alice")],
    sessions: new Map(Object.entries(world.sessions ?? { "claude-alice": live() })),
    units: {
      isInstalled: world.isInstalled ?? false,
      unitOf: (name) => units[name] ?? "absent",
      enabled: Object.keys(units).filter((name) => units[name] === "enabled"),
    },
    here: { tenant: "me", host: "mill" },
    surroundings: SURROUNDINGS,
    now: NOW,
    withinSecs: 120,
  };
}

const joined = (world: World) => joinFleet(factsOf(world));
const driftOf = (row: PsRow | undefined) => row?.drift.map(({ code, message }) => `${code}: ${message}`) ?? ["no such row"];

describe("a row", () => {
  test("of an agent that is as it is declared", () => {
    const death = { id: "0123abcd", ts: "2026-03-01T10:00:00.000Z", verdict: "killed", cause: "server-vanished" } as const;
    expect(joined({ sessions: { "claude-alice": live({ lastDeath: death }) } })).toEqual([
      {
        identity: "claude-alice",
        peer: "alice",
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
        heartbeat_age_secs: 5,
        since: "2026-03-01T11:00:00.000Z",
        up_secs: 3600,
        server_pid: 4242,
        last_death: death,
        drift: [],
      },
    ]);
  });

  test.each([
    ["me@10.1.10.37", "me"],
    ["10.1.10.37", null],
  ])("of one that %p reaches is not looked at", (ssh, tenant) => {
    const remote = { host: "10.1.10.37", ssh };
    const [row] = joined({ agents: [agent("alice", { remote, isPersistent: true })], isInstalled: true, peers: [] });
    expect(row).toMatchObject({
      host: "10.1.10.37",
      tenant,
      status: "remote",
      health: "remote",
      unit: null,
      heartbeat_age_secs: null,
      server_pid: null,
      registered: false,
      drift: [],
    });
    expect(needsPerson(row!)).toBe(false);
  });
});

test.each([
  ["the clock of the boot", { launchedAt: "2026-03-01T13:00:00.000Z", upSecs: 90.7 }, 90],
  ["the wall clock where there is no other", { launchedAt: "2026-03-01T11:58:30.000Z" }, 90],
  ["nothing, where a clock that was set back is the only one", { launchedAt: "2026-03-01T13:00:00.000Z" }, null],
])("how long a session is up comes from %s", (_, launch, secs) => {
  const [row] = joined({ sessions: { "claude-alice": live({}, launch) } });
  expect(row?.up_secs).toBe(secs);
});

describe("health", () => {
  test.each<[string, SessionFacts | undefined, string, boolean]>([
    ["a heartbeat within the time", live(), "healthy", false],
    ["a heartbeat at the very time", live({ heartbeatAgeSecs: 120 }), "healthy", false],
    ["one that is older", live({ heartbeatAgeSecs: 121 }), "silent", true],
    ["none", live({ heartbeatAgeSecs: undefined }), "silent", true],
    ["one from before its launch", live({ heartbeatAgeSecs: 30 }, { launchedAt: "2026-03-01T11:59:40.000Z" }), "silent", true],
    [
      "one since a launch that the clock puts into the future",
      live({}, { launchedAt: "2026-03-01T13:00:00.000Z" }),
      "healthy",
      false,
    ],
    ["one since its launch, by the clock of the boot", live({ heartbeatAgeSecs: 30 }, { upSecs: 31 }), "healthy", false],
    ["one from before its launch, by the clock of the boot", live({ heartbeatAgeSecs: 30 }, { upSecs: 29 }), "silent", true],
    ["its agent has ended, and windows beside it go on", live({}, { isAgentRunning: false }), "silent", true],
    ["another root's server answers", live({ session: { serverPid: 7 } }), "silent", true],
    ["it is asleep", { status: "asleep", heartbeatAgeSecs: 5, lastDeath: null }, "down", true],
    ["it was stopped", { status: "stopped", heartbeatAgeSecs: 5, lastDeath: null }, "down", true],
    ["nothing is known", undefined, "down", true],
    ["it cannot be told", { status: "unknown", heartbeatAgeSecs: 5, lastDeath: null }, "unknown", true],
  ])("%s", (_, session, health, needs) => {
    const [row] = joined({ sessions: session === undefined ? {} : { "claude-alice": session } });
    expect([row?.health, needsPerson(row!)]).toEqual([health as never, needs]);
  });
});

const REMOTE = { host: "far", ssh: "me@far" };

describe("drift of a declared agent", () => {
  test.each<[string, World, string[]]>([
    ["not applied", { applied: [] }, ["not-applied: it is declared and not applied: iapeer fleet apply"]],
    [
      "neither applied nor registered",
      { applied: [], peers: [] },
      ["not-applied: it is declared and not applied: iapeer fleet apply"],
    ],
    ["not registered", { peers: [] }, ["not-registered: it is applied, and no such peer is registered: iapeer fleet apply"]],
    [
      "being removed",
      { peers: [peerOf("alice", { isBeingRemoved: true })] },
      ["being-removed: it is declared, and its peer is being removed"],
    ],
    [
      "another class",
      { applied: [agent("alice", { class: "tester" })] },
      ["class-differs: the file says implementer; applied: tester"],
    ],
    [
      "another runtime applied",
      { applied: [agent("alice", { runtime: "pi" })] },
      ["runtime-differs: the file says claude; applied: pi"],
    ],
    [
      "another runtime registered",
      { peers: [peerOf("alice", { runtimes: ["pi", "codex"] })] },
      ["runtime-differs: the file says claude; registered: pi, codex"],
    ],
    [
      "another runtime that runs beside it",
      { peers: [peerOf("alice", { runtimes: ["claude", "pi"] })], sessions: { "claude-alice": live(), "pi-alice": live() } },
      ["runtime-differs: the file says claude; running: pi"],
    ],
    [
      "another model applied",
      { agents: [agent("alice", { modelHint: "a" })], applied: [agent("alice", { modelHint: "b" })], sessions: {} },
      ["model-differs: the file says a; applied: b"],
    ],
    [
      "no model any more",
      { applied: [agent("alice", { modelHint: "b" })], sessions: {} },
      ["model-differs: the file says none; applied: b"],
    ],
    [
      "another model in its session",
      { agents: [agent("alice", { modelHint: "a" })], sessions: { "claude-alice": live({}, { model: "b" }) } },
      ["model-differs: the file says a; running: b"],
    ],
    [
      "a session without its model",
      { agents: [agent("alice", { modelHint: "a" })] },
      ["model-differs: the file says a; running: none"],
    ],
    ["its model", { agents: [agent("alice", { modelHint: "a" })], sessions: { "claude-alice": live({}, { model: "a" }) } }, []],
    ["its model, asleep", { agents: [agent("alice", { modelHint: "a" })], sessions: {} }, []],
    [
      "another default runtime",
      { peers: [peerOf("alice", { defaultRuntime: "pi", runtimes: ["pi", "claude"] })] },
      ["runtime-differs: the file says claude; registered: pi"],
    ],
    [
      "another folder",
      { agents: [agent("alice", { workingDirectory: "/a" })], peers: [peerOf("alice", { cwd: "/elsewhere" })] },
      ["folder-differs: the file says /a; registered: /elsewhere"],
    ],
    ["a folder where none is named", { peers: [peerOf("alice", { cwd: "/elsewhere" })] }, []],
    [
      "a folder that is not applied",
      {
        agents: [agent("alice", { workingDirectory: "/a" })],
        applied: [agent("alice")],
        peers: [peerOf("alice", { cwd: "/a" })],
      },
      ["folder-differs: the file says /a; applied: none"],
    ],
    [
      "no folder any more",
      { applied: [agent("alice", { workingDirectory: "/a" })], peers: [peerOf("alice", { cwd: "/a" })] },
      ["folder-differs: the file says none; applied: /a"],
    ],
    [
      "the same folder by another way",
      { agents: [agent("alice", { workingDirectory: "/a" })], peers: [peerOf("alice", { cwd: "/b/../a" })] },
      [],
    ],
    [
      "persistent since",
      { agents: [agent("alice", { isPersistent: true })], applied: [agent("alice")] },
      ["persistence-differs: the file says persistent; applied: not persistent"],
    ],
    ["another tmux server", { socketName: "work" }, ["socket-differs: the file says work; applied: its own; running: its own"]],
    [
      "another host",
      {
        agents: [agent("alice", { remote: REMOTE })],
        applied: [agent("alice", { remote: { ...REMOTE, socket: "s" } })],
        peers: [],
      },
      ["host-differs: the file says far by me@far; applied: far by me@far, socket s"],
    ],
    [
      "a remote agent's model",
      { agents: [agent("alice", { remote: REMOTE })], applied: [agent("alice", { remote: REMOTE, modelHint: "b" })], peers: [] },
      ["model-differs: the file says none; applied: b"],
    ],
    [
      "another root's server",
      { sessions: { "claude-alice": live({ session: { serverPid: 7 } }) } },
      ["foreign-server: the server that answers (pid 7) was not launched from this root: iapeer doctor"],
    ],
    [
      "no unit",
      { agents: [agent("alice", { isPersistent: true })], isInstalled: true },
      ["unit-missing: it is persistent, and it has no unit: iapeer fleet install"],
    ],
    [
      "a unit that is not enabled",
      { agents: [agent("alice", { isPersistent: true })], isInstalled: true, units: { alice: "disabled" } },
      ["unit-missing: it is persistent, and its unit is not enabled: iapeer fleet install"],
    ],
    ["no unit where none are installed", { agents: [agent("alice", { isPersistent: true })] }, []],
    ["its unit", { agents: [agent("alice", { isPersistent: true })], isInstalled: true, units: { alice: "enabled" } }, []],
    [
      "a unit too many",
      { isInstalled: true, units: { alice: "enabled" } },
      ["unit-unwanted: its unit would start it at boot, and the file does not say persistent_persona"],
    ],
    ["a unit that is not enabled, and not needed", { isInstalled: true, units: { alice: "disabled" } }, []],
    [
      "a unit here for one of another host",
      { agents: [agent("alice", { remote: REMOTE })], peers: [], units: { alice: "enabled" } },
      ["unit-unwanted: its unit would start it here at boot, and it is of another host"],
    ],
  ])("%s", (_, world, told) => {
    const rows = joined(world);
    expect(driftOf(rows[0])).toEqual(told);
    expect(rows).toHaveLength(1);
  });

  test("several stand in the order of the codes", () => {
    const [row] = joined({
      applied: [agent("alice", { class: "tester", isPersistent: true, runtime: "pi" })],
      peers: [],
      units: { alice: "enabled" },
    });
    expect(row?.drift.map(({ code }) => code)).toEqual([
      "not-registered",
      "class-differs",
      "runtime-differs",
      "persistence-differs",
      "unit-unwanted",
    ]);
  });
});

describe("what is not declared", () => {
  const rest = (world: World) =>
    joined(world)
      .slice(1)
      .map((row) => [row.identity, row.class, row.applied, row.registered, row.health, ...driftOf(row)]);
  const UNDECLARED = "undeclared: it was applied, and is no longer declared: iapeer fleet apply --prune";
  const RUNS = "running-undeclared: it runs, and no fleet declares it";
  const UNIT = "unit-without-agent: its unit would start it at boot, and it is not declared";

  test.each<[string, World, unknown[]]>([
    ["a peer that sleeps is nobody's business", { peers: [peerOf("alice"), peerOf("bob")] }, []],
    [
      "one that is applied and gone from the file",
      { applied: [agent("alice"), agent("bob")], peers: [peerOf("alice"), peerOf("bob")] },
      [["claude-bob", "implementer", true, true, "down", UNDECLARED]],
    ],
    [
      "one that is applied, and not registered any more",
      { applied: [agent("alice"), agent("bob")] },
      [["claude-bob", "implementer", true, false, "down", UNDECLARED]],
    ],
    [
      "one that the last apply left",
      { left: [agent("bob")], peers: [peerOf("alice"), peerOf("bob")] },
      [["claude-bob", "implementer", false, true, "down", UNDECLARED]],
    ],
    [
      "one that the last apply left, and that runs",
      {
        left: [agent("bob")],
        peers: [peerOf("alice"), peerOf("bob")],
        sessions: { "claude-alice": live(), "claude-bob": live() },
      },
      [["claude-bob", "implementer", false, true, "healthy", UNDECLARED]],
    ],
    ["one that the last apply left, and that is declared again", { applied: [], left: [agent("alice")] }, []],
    [
      "one of another host",
      { applied: [agent("alice"), agent("bob", { remote: REMOTE })] },
      [["claude-bob", "implementer", true, false, "remote", UNDECLARED]],
    ],
    [
      "a peer that runs",
      { peers: [peerOf("alice"), peerOf("bob")], sessions: { "claude-alice": live(), "claude-bob": live() } },
      [["claude-bob", null, false, true, "healthy", RUNS]],
    ],
    [
      "each runtime of a peer that runs",
      {
        peers: [peerOf("alice"), peerOf("bob", { runtimes: ["claude", "pi"] })],
        sessions: { "claude-alice": live(), "claude-bob": live(), "pi-bob": live() },
      },
      [
        ["claude-bob", null, false, true, "healthy", RUNS],
        ["pi-bob", null, false, true, "healthy", RUNS],
      ],
    ],
    [
      "a member's other runtime",
      {
        applied: [agent("alice"), agent("bob")],
        peers: [peerOf("alice"), peerOf("bob", { runtimes: ["claude", "pi"] })],
        sessions: { "claude-alice": live(), "pi-bob": live() },
      },
      [
        ["claude-bob", "implementer", true, true, "down", UNDECLARED],
        ["pi-bob", null, false, true, "healthy", RUNS],
      ],
    ],
    [
      "a unit of one that has two rows",
      {
        applied: [agent("alice"), agent("bob")],
        peers: [peerOf("alice"), peerOf("bob", { runtimes: ["claude", "pi"] })],
        sessions: { "claude-alice": live(), "pi-bob": live() },
        units: { bob: "enabled" },
      },
      [
        ["claude-bob", "implementer", true, true, "down", UNDECLARED, UNIT],
        ["pi-bob", null, false, true, "healthy", RUNS],
      ],
    ],
    ["a unit of nobody", { units: { bob: "enabled" } }, [[null, null, false, false, "down", UNIT]]],
    [
      "a unit of a peer",
      { peers: [peerOf("alice"), peerOf("bob", { defaultRuntime: "pi" })], units: { bob: "enabled" } },
      [["pi-bob", null, false, true, "down", UNIT]],
    ],
    ["a unit that is not enabled", { units: { bob: "disabled" } }, []],
    [
      "a unit of one that is no longer declared",
      { applied: [agent("alice"), agent("bob")], peers: [peerOf("alice"), peerOf("bob")], units: { bob: "enabled" } },
      [["claude-bob", "implementer", true, true, "down", UNDECLARED, UNIT]],
    ],
  ])("%s", (_, world, told) => {
    expect(rest(world)).toEqual(told as never);
  });

  test("a peer that runs here and is declared on another host", () => {
    const rows = joined({ agents: [agent("alice", { remote: REMOTE })], sessions: { "claude-alice": live() } });
    expect(rows.map(({ host, health, drift }) => [host, health, drift.map(({ code }) => code)])).toEqual([
      ["far", "remote", []],
      ["mill", "healthy", ["running-undeclared"]],
    ]);
    expect(driftOf(rows[1])).toEqual(["running-undeclared: it runs here, and the file has it on another host"]);
  });

  test("one that was applied here, is declared on another host, and has its peer still", () => {
    const rows = joined({
      agents: [agent("alice", { remote: REMOTE })],
      applied: [agent("alice")],
      sessions: { "claude-alice": live() },
    });
    expect(rows.map(({ host, health, drift }) => [host, health, drift.map(({ code }) => code)])).toEqual([
      ["far", "remote", ["host-differs"]],
      ["mill", "healthy", ["undeclared"]],
    ]);
  });
});

describe("whatever there is", () => {
  const names = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const runtime = fc.constantFrom("claude", "codex", "pi");
  const remotes = fc.option(fc.constant(REMOTE), { nil: undefined });
  const agents = fc.uniqueArray(
    fc.record({
      name: names,
      class: fc.constantFrom("tester", "writer"),
      runtime,
      modelHint: fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
      isPersistent: fc.boolean(),
      remote: remotes,
    }),
    { selector: ({ name }) => name },
  );
  const peers = fc.uniqueArray(
    fc.record({ name: names, runtimes: fc.uniqueArray(runtime, { minLength: 1 }), isBeingRemoved: fc.boolean() }),
    { selector: ({ name }) => name },
  );
  const session = fc.oneof(
    fc.constant(live()),
    fc.constant(live({ session: { serverPid: 7 } })),
    fc
      .constantFrom("asleep", "stopped", "unknown")
      .map((status): SessionFacts => ({ status: status as never, heartbeatAgeSecs: undefined, lastDeath: null })),
  );
  const sessions = fc.dictionary(
    fc.tuple(runtime, names).map((words) => words.join("-")),
    session,
  );
  const units = fc.dictionary(names, fc.constantFrom("enabled" as const, "disabled" as const));

  const clean = (all: readonly object[]) =>
    all.map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined))) as unknown as Agent[];

  test("every declared agent has exactly one row, in the order of the file, and every other row says why it is there", () => {
    fc.assert(
      fc.property(
        fc.record({ agents, applied: agents, left: agents, peers, sessions, units, isInstalled: fc.boolean() }),
        (world) => {
          const facts = {
            ...world,
            agents: clean(world.agents),
            applied: clean(world.applied),
            left: clean(world.left).filter(({ name }) => !world.applied.some((one) => one.name === name)),
            peers: world.peers.map(({ name, ...more }) => peerOf(name, { ...more, defaultRuntime: more.runtimes[0]! })),
          };
          const rows = joined(facts);
          const declared = rows.filter((row) => row.declared);
          expect(declared.map(({ peer }) => peer)).toEqual(facts.agents.map(({ name }) => name));
          expect(rows.slice(0, declared.length)).toEqual(declared);
          for (const row of rows.slice(declared.length)) expect(row.drift.length).toBeGreaterThan(0);
          const keys = rows.map(({ identity, peer, host }) => `${host} ${identity ?? peer}`);
          expect(new Set(keys).size).toBe(keys.length);
          for (const { drift } of rows) {
            const places = drift.map(({ code }) => DRIFT_CODES.indexOf(code));
            expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
          }
          // Nothing that runs is left out.
          const running = facts.peers
            .flatMap(({ personality, runtimes }) => runtimes.map((one) => `${one}-${personality}`))
            .filter((identity) => facts.sessions[identity]?.status === "live");
          for (const identity of running) {
            const name = identity.slice(identity.indexOf("-") + 1);
            expect(
              rows.some(
                (row) =>
                  row.host === "mill" &&
                  row.status !== "remote" &&
                  (row.identity === identity || (row.peer === name && row.drift.some(({ code }) => code === "runtime-differs"))),
              ),
            ).toBe(true);
          }
        },
      ),
    );
  });
});
