// Each act by each caller, through the compiled program, from inside real sessions.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import { accountName } from "../../src/core/libc.ts";
import { applyAgents } from "../support/applied-fleet.ts";
import { ok } from "../support/calls.ts";
import { type CallEnd, callIn, type Order } from "../support/callers.ts";
import { fixture } from "../support/fixtures.ts";
import { openSandbox, type Sandbox, until } from "../support/sandbox.ts";
import { callOutside, launchPeer, prepareSessions, processesOf, readSession } from "../support/session.ts";

/** boss is the orchestrator, mia a manager, eve an ordinary agent, and kim a chat with a person behind it. */
const CALLERS = ["person", "kim", "boss", "mia", "eve"] as const;
type Caller = (typeof CALLERS)[number];

const EVERYBODY: readonly Caller[] = CALLERS;
const LEADERS: readonly Caller[] = ["person", "kim", "boss", "mia"];
const PERSONS: readonly Caller[] = ["person", "kim"];

/** The table of the contract. Each call is cheap and may be made again. bob is live, and idle is not. */
const ROWS: readonly (readonly [act: string, words: string, may: readonly Caller[]])[] = [
  ["list", "list", EVERYBODY],
  ["show", "show bob", EVERYBODY],
  ["status", "status", EVERYBODY],
  ["deaths", "deaths", EVERYBODY],
  ["tail", "tail bob", EVERYBODY],
  ["screen", "screen bob", EVERYBODY],
  ["canary status", "canary status", EVERYBODY],
  ["send", "send bob -m true", EVERYBODY],
  ["stop", "stop idle", LEADERS],
  ["stop --all", "stop --all --runtime codex", LEADERS],
  ["launch", "launch bob", LEADERS],
  ["canary arm", "canary arm bob", LEADERS],
  ["canary dismiss", "canary dismiss bob", LEADERS],
  ["add", "add fresh", LEADERS],
  ["update", "update idle --description more", LEADERS],
  ["remove", "remove nobody", LEADERS],
  ["remove --force", "remove nobody --force", LEADERS],
  ["memory-plugin", "memory-plugin off --peer idle", LEADERS],
  ["native-memory", "native-memory off --peer idle", LEADERS],
  ["provider run", "provider run birth --peer idle", LEADERS],
  ["verify --fix", "verify --fix", LEADERS],
  ["fleet init", "fleet init --profile general --file new.yaml --write", LEADERS],
  ["fleet apply", "fleet apply --file none.yaml", LEADERS],
  ["fleet add", "fleet add new --class tester --file none.yaml", LEADERS],
  ["fleet remove", "fleet remove new --file none.yaml", LEADERS],
  ["send --directive", "send idle --directive sleep", LEADERS],
  ["update --manager", "update idle --manager off", PERSONS],
  ["fleet uninstall", "fleet uninstall", PERSONS],
  ["supervise --uninstall", "supervise --uninstall", PERSONS],
];

const box: Sandbox = openSandbox();
const ends = new Map<Caller, ReadonlyMap<string, CallEnd>>();
/** The acts that everybody may do are tried by the one who may least. */
const rowsOf = (caller: Caller) => ROWS.filter(([, , may]) => may !== EVERYBODY || caller === "eve");
const readLog = (name: string) => {
  const path = join(box.root, "logs/iapeer", name);
  return existsSync(path) ? parseEvents(readFileSync(path, "utf8")) : [];
};
const callBy = async (caller: Caller | "bob", ...orders: readonly Order[]) =>
  await callIn(box, caller === "person" ? undefined : caller, orders);
const callAs = async (caller: Caller | "bob", words: string) => (await callBy(caller, words.split(" ")))[0]!;
const byOf = (caller: Caller) => (caller === "person" ? `person:${accountName()}` : `claude-${caller}`);
const refusals = (by: string) =>
  readLog("lifecycle.log").filter((event) => event["ev"] === "not-authorized" && event["by"] === by);

beforeAll(async () => {
  prepareSessions(box);
  box.env["IAPEER_CLAUDE_BIN"] = fixture("told-agent.sh");
  for (const name of ["boss", "mia", "eve", "bob", "idle"]) await ok(box, "add", name);
  await ok(box, "add", "kim", "--intelligence", "natural");
  await ok(box, "update", "mia", "--manager", "on");
  applyAgents(box, { name: "boss", class: "orchestrator" }, { name: "eve", class: "implementer" });
  await Promise.all(["boss", "mia", "eve", "kim", "bob"].map(async (name) => await launchPeer(box, name)));
  await Promise.all(
    CALLERS.map(async (caller) => {
      const rows = rowsOf(caller);
      const made = await callBy(caller, ...rows.map(([, words]) => words.split(" ")));
      ends.set(caller, new Map(rows.map(([act], index) => [act, made[index]!])));
    }),
  );
}, 60_000);

afterAll(async () => {
  await box.iapeer("stop", "--all");
  await until("nothing of the sandbox runs", () => processesOf(box).length === 0);
  box[Symbol.dispose]();
});

const CELLS = CALLERS.flatMap((caller) =>
  rowsOf(caller).map(([act, , may]) => [act, may.includes(caller) ? "open to" : "closed to", caller] as const),
);

test.each(CELLS)("%s is %s %s", (act, kind, caller) => {
  const { status, error } = ends.get(caller)!.get(act)!;
  const isRefused = error?.code === "not-authorized";
  expect(isRefused ? ["closed to", status] : ["open to"]).toEqual(kind === "open to" ? [kind] : [kind, 4]);
});

test.each(CALLERS)("each refusal of %s is one line of the log, which names the caller", (caller) => {
  const refused = ROWS.filter(([, , may]) => !may.includes(caller));
  expect(refusals(byOf(caller)).slice(0, refused.length)).toHaveLength(refused.length);
});

test("a refusal names who may, and says so to a program", () => {
  const { error } = ends.get("eve")!.get("stop")!;
  expect(error).toEqual({
    code: "not-authorized",
    message: 'eve may not "stop" idle: only a person, the fleet\'s orchestrator or a manager may',
    details: { act: "stop", by: "claude-eve", personality: "idle", allowed: ["person", "orchestrator", "manager"] },
  });
});

test("a call for many is judged peer by peer, and leaves its caller out", async () => {
  const [launched, stopped] = await callBy("eve", ["launch", "--all"], ["stop", "bob", "idle"]);
  const rows = JSON.parse(launched!.stdout) as { identity: string; error: { code: string } }[];
  expect(rows.map(({ identity }) => identity)).toEqual(expect.arrayContaining(["claude-bob", "claude-boss", "claude-mia"]));
  expect(rows.map(({ identity }) => identity)).not.toContain("claude-eve");
  expect([launched!.status, stopped!.status]).toEqual([4, 4]);
  for (const row of [...rows, ...(JSON.parse(stopped!.stdout) as typeof rows)])
    expect(row).toMatchObject({ action: "failed", error: { code: "not-authorized" } });
});

test("what is done is in the log with its caller", () => {
  const events = readLog("lifecycle.log");
  const callersOf = (ev: string) => new Set(events.filter((event) => event["ev"] === ev).map(({ by }) => by));
  expect(callersOf("launch")).toEqual(new Set([byOf("person")]));
  expect(events.filter((event) => event["ev"] === "add" && event["personality"] === "fresh")).toHaveLength(1);
  const states = events.filter(({ ev, state }) => ev === "canary" && state === "dismissed");
  expect(states.length).toBeGreaterThan(0);
  expect(states.every(({ by }) => LEADERS.map(byOf).includes(by!))).toBe(true);
});

describe("on itself", () => {
  test.each([
    ["eve", ["stop eve", "remove eve --force", "send eve --directive sleep"]],
    ["boss", ["stop boss", "remove boss --force", "send boss --directive sleep"]],
    ["mia", ["remove mia --force", "send mia --directive sleep"]],
  ] as const)("%s may not: %p", async (caller, calls) => {
    const hint = "an agent ends itself with: iapeer retire";
    for (const { error } of await callBy(caller, ...calls.map((words) => words.split(" "))))
      expect(error).toMatchObject({ code: "not-authorized", hint });
  });

  test("an agent may not change itself, and a manager may, but for what only a person says", async () => {
    const [eves] = await callBy("eve", ["update", "eve", "--description", "me"]);
    const [mias, made] = await callBy("mia", ["update", "mia", "--description", "me"], ["update", "mia", "--manager", "on"]);
    expect([eves!.error?.code, mias!.status, made!.error?.code]).toEqual(["not-authorized", 0, "not-authorized"]);
  });

  test("a person does not retire", async () => {
    expect(await callAs("person", "retire")).toMatchObject({
      status: 2,
      error: { code: "not-an-agent", hint: "to end an agent's session: iapeer stop <personality>" },
    });
  });
});

describe("the caller is found in the process table", () => {
  const stop = '"$iapeer" stop idle --json';
  /** Runs a command once its parent is gone, and waits for it. */
  const orphan = (before: string, command: string) =>
    `f=$HOME/orphan.$$; mkfifo $f; ${before} sh -c '(p=$$; sh -c "while kill -0 $p 2>/dev/null; do sleep 0.01; done; $2; echo over >$1" &)' sh $f ${command} ; read -r x <$f`;

  test.each([
    ["names in the environment", `PEER_IDENTITY=claude-boss PEER_PERSONALITY=boss PEER_RUNTIME=claude USER=root ${stop}`],
    ["no environment", `env -i HOME="$HOME" PATH="$PATH" IAPEER_ROOT="$IAPEER_ROOT" IAPEER_TEST_SANDBOX=1 ${stop}`],
    ["a token that is nobody's", `IAPEER_TOKEN=${"0".repeat(64)} ${stop}`],
    ["a session of its own", `setsid -w ${stop}`],
    ["no ancestors, in the same terminal session", orphan("env -u IAPEER_TOKEN", "'$iapeer stop idle --json'")],
    ["no ancestors and no terminal, with its token", orphan("setsid -w", "'$iapeer stop idle --json'")],
  ])("with %s", async (_what, order) => {
    const [end] = await callBy("eve", `export iapeer; ${order}`);
    expect(end!.error).toMatchObject({ code: "not-authorized", details: { by: "claude-eve" } });
  });

  test("and a process that has lost its ancestors, its terminal and its token counts as a person", async () => {
    const [end] = await callBy("eve", `export iapeer; ${orphan("env -u IAPEER_TOKEN setsid -w", "'$iapeer stop idle --json'")}`);
    expect({ error: end!.error, rows: JSON.parse(end!.stdout) as unknown }).toEqual({
      error: undefined,
      rows: [{ identity: "claude-idle", action: "not-running" }],
    });
  });

  test("an agent cannot send in another's name", async () => {
    const [end] = await callBy("eve", ["send", "bob", "--from", "boss", "-m", "true"]);
    expect(end!.error).toMatchObject({ code: "sender-mismatch" });
  });

  test("a window that a person opens beside an agent is a person's, and has no token", async () => {
    const eve = readSession(box, "claude-eve");
    const seen = join(box.home, "window");
    await callOutside(eve, "new-window", "-d", `env >${seen}.part; mv ${seen}.part ${seen}`);
    await until("the window has run", () => existsSync(seen));
    const environment = readFileSync(seen, "utf8");
    expect(environment).toContain("PEER_IDENTITY=claude-eve\n");
    expect(environment).not.toContain("IAPEER_TOKEN");
  });
});

test.skipIf(process.platform !== "linux")("a token is in the environment of its agent, and in no file and no argument", () => {
  const tokenOf = (pid: number) => /(?:^|\0)IAPEER_TOKEN=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1];
  const { agent, server } = readSession(box, "claude-eve");
  const token = tokenOf(agent.pid)!;
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(tokenOf(server.pid)).toBeUndefined();
  expect(tokenOf(readSession(box, "claude-mia").agent.pid)).not.toBe(token);
  const files = readdirSync(box.root, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const holding = files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1").includes(token));
  expect(holding.map(({ name }) => name)).toEqual([]);
  const argvs = processesOf(box).map(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, "latin1"));
  expect(argvs.filter((argv) => argv.includes(token))).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "an agent that launches another hands on what is the account's, and nothing of its session",
  async () => {
    box.write("root/peers/idle/.iapeer/runtimes/claude/launch.env", "OWN=idle\n");
    const session = "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=s CODEX_THREAD_ID=t OPENCODE_PID=1";
    const [end] = await callBy("mia", `${session} CLAUDE_CODE_USE_BEDROCK=1 CODEX_HOME=/codex "$iapeer" launch idle --json`);
    expect(JSON.parse(end!.stdout)).toMatchObject({ action: "launched", was_stopped: true });
    const { agent } = readSession(box, "claude-idle");
    const lines = readFileSync(`/proc/${agent.pid}/environ`, "utf8").split("\0");
    const names = new Set(lines.map((line) => line.split("=")[0]));
    expect(["CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID", "OPENCODE_PID"].filter((name) => names.has(name))).toEqual(
      [],
    );
    expect(lines).toContain("CLAUDE_CODE_USE_BEDROCK=1");
    expect(lines).toContain("CODEX_HOME=/codex");
    expect(lines).toContain("PEER_IDENTITY=claude-idle");
    expect(lines).toContain("OWN=idle");
    expect(readLog("lifecycle.log").findLast(({ ev }) => ev === "launch")).toMatchObject({
      identity: "claude-idle",
      by: "claude-mia",
    });
  },
);

describe("--if-incarnation", () => {
  const other = crypto.randomUUID();

  test.each(["stop bob", "send bob -m true", "canary arm bob", "canary dismiss bob"])("%s refuses another one", async (words) => {
    const { incarnation } = readSession(box, "claude-bob");
    const end = await callAs("person", `${words} --if-incarnation ${other}`);
    expect(end).toMatchObject({ status: 4, error: { code: "stale-incarnation", details: { incarnation, expected: other } } });
  });

  test("and the one that is meant is stopped", async () => {
    const { incarnation } = readSession(box, "claude-idle");
    const end = await callAs("boss", `stop idle --if-incarnation ${incarnation}`);
    expect(JSON.parse(end.stdout)).toMatchObject([{ identity: "claude-idle", action: "stopped" }]);
    expect(readLog("lifecycle.log").findLast(({ ev }) => ev === "stop")).toMatchObject({ by: "claude-boss", reason: "stop" });
  });
});

test("an agent retires: the call ends well, the end is no death, and the peer stays stopped until it is launched", async () => {
  const eve = readSession(box, "claude-eve");
  const [end] = await callBy("eve", ["retire", "--reason", "the work is done"]);
  expect(JSON.parse(end!.stdout)).toEqual({
    identity: "claude-eve",
    incarnation: eve.incarnation,
    action: "retiring",
    reason: "the work is done",
  });
  await until("the stop mark is set", () => existsSync(join(box.root, "state/iapeer/lifecycle/claude-eve.stopped")));
  rmSync(join(box.home, "orders-eve"));
  expect(readLog("lifecycle.log").findLast(({ ev }) => ev === "retire")).toMatchObject({
    identity: "claude-eve",
    reason: "the work is done",
    by: "claude-eve",
  });
  expect(readLog("lifecycle.log").findLast(({ ev }) => ev === "stop")).toMatchObject({ reason: "retire", by: "claude-eve" });
  await ok(box, "supervise", "--once");
  expect(readLog("exits.log")).toEqual([]);
  expect(await box.json("launch", "eve", "--unless-stopped")).toMatchObject({ action: "left-stopped", incarnation: null });
  expect((await ok(box, "launch", "eve")).stdout).toEndWith("; its stop mark is gone\n");
});

test("a manager in its own session stops everybody, itself last, and the work is finished", async () => {
  const [end] = await callBy("mia", ["stop", "--all"]);
  const rows = JSON.parse(end!.stdout) as { identity: string; action: string }[];
  expect(rows.at(-1)).toEqual({ identity: "claude-mia", action: "stopping" });
  expect(rows.filter(({ action }) => action === "stopped").map(({ identity }) => identity)).toEqual([
    "claude-bob",
    "claude-boss",
    "claude-eve",
    "claude-kim",
  ]);
  await until("nothing of the sandbox runs", () => processesOf(box).length === 0);
  const peers = (await box.json("list")) as { personality: string; runtimes: { status: string }[] }[];
  expect(peers.map(({ runtimes }) => runtimes[0]!.status)).toEqual(peers.map(() => "stopped"));
  expect(readLog("exits.log")).toEqual([]);
});
