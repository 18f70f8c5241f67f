import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type Layout, layoutFrom } from "../../../src/core/layout.ts";
import { stopMarkPath } from "../../../src/status/incarnation/incarnation.ts";
import { listSocketIdentities, probeSocket as probe, readStatus, readStatuses } from "../../../src/status/liveness/liveness.ts";
import { listenWithoutAccepting } from "../../support/listener.ts";
import { until } from "../../support/sandbox.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";
import { socketPath } from "../../../src/core/socket-path.ts";

let scratch: Scratch;
let layout: Layout;
beforeEach(() => {
  scratch = openScratch();
  layout = layoutFrom({ IAPEER_ROOT: scratch.path, IAPEER_TEST_SANDBOX: "1" });
  mkdirSync(layout.socketFolder, { mode: 0o700 });
});
afterEach(() => scratch[Symbol.dispose]());

const probeSocket = (path: string) => probe(path).liveness;
const socketOf = (personality: string) => socketPath(layout, "claude", personality);

function listen(path: string, onOpen: () => void = () => undefined): Disposable {
  const server = Bun.listen({ unix: path, socket: { open: onOpen, data: () => undefined } });
  return { [Symbol.dispose]: () => server.stop(true) };
}

/** The file of a server that died: it stays, and nobody listens. */
function leaveDeadSocket(path: string): void {
  const child = Bun.spawnSync([
    process.execPath,
    "-e",
    `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`,
  ]);
  if (child.signalCode !== "SIGKILL" || !existsSync(path)) throw new Error("no dead socket");
}

test("a socket that somebody listens on is live, and hears of the probe only that it came", async () => {
  let opened = 0;
  using _server = listen(socketOf("a"), () => (opened += 1));
  expect([1, 2, 3].map(() => probeSocket(socketOf("a")))).toEqual(["live", "live", "live"]);
  await until("the server has accepted them", () => opened === 3);
});

test("a socket that nobody listens on any more is dead, though its file is there", async () => {
  leaveDeadSocket(socketOf("a"));
  expect(probeSocket(socketOf("a"))).toBe("dead");
});

test.each<[string, () => string, "dead" | "unknown"]>([
  ["a path where nothing is", () => socketOf("a"), "dead"],
  ["a regular file", () => (writeFileSync(socketOf("a"), ""), socketOf("a")), "dead"],
  ["a link loop", () => (symlinkSync("l.sock", scratch.at("l.sock")), scratch.at("l.sock")), "unknown"],
  ["a path of the platform's limit and one byte", () => scratch.at("x".repeat(107 - scratch.path.length)), "dead"],
  ["a path of the platform's limit where nothing is", () => scratch.at("x".repeat(106 - scratch.path.length)), "dead"],
  ["a path through a file", () => "/etc/passwd/x.sock", "unknown"],
  ["a path with a NUL in it", () => `${socketOf("a")}\0`, "dead"],
])("%s is told apart from a server", (_, make, liveness) => expect(probeSocket(make())).toBe(liveness));

test.if(process.platform === "linux")(
  "a server that accepts nobody and whose queue is full is unknown, and nothing waits for it",
  () => {
    using _server = listenWithoutAccepting(socketOf("a"));
    const first = [1, 2, 3, 4].map(() => probeSocket(socketOf("a")));
    expect(first).toContain("unknown");
    expect(first).not.toContain("dead");
  },
);

test("identities are those that have a socket; a folder that is missing or cannot be looked at has none", () => {
  for (const name of [
    "tmux-iap-claude-b.sock",
    "tmux-iap-claude-a.sock",
    "tmux-iap-nobody.sock",
    "tmux-iap-claude-c",
    "notes.txt",
  ])
    writeFileSync(scratch.at("socks", name), "");
  expect(listSocketIdentities(layout.socketFolder)).toEqual(["claude-a", "claude-b"]);
  expect(listSocketIdentities(scratch.at("gone"))).toEqual([]);
  expect(listSocketIdentities("/etc/passwd")).toEqual([]);
});

test("where there is no socket folder yet, a peer is asleep", () => {
  const bare = { ...layout, socketFolder: scratch.at("gone") };
  expect(readStatuses(bare).of("claude-a")).toBe("asleep");
  expect(readStatus(bare, "claude-a")).toBe("asleep");
});

test("a peer is live, asleep, stopped or unknown, each identity by itself", async () => {
  mkdirSync(layout.stateFolder, { recursive: true });
  using _live = listen(socketOf("live"));
  using _hung = listenWithoutAccepting(socketOf("hung"));
  leaveDeadSocket(socketOf("dead"));
  leaveDeadSocket(socketOf("halted"));
  for (const name of ["halted", "live", "silent"]) writeFileSync(stopMarkPath(layout, `claude-${name}`), "");
  [1, 2, 3].forEach(() => probeSocket(socketOf("hung")));
  const statuses = readStatuses(layout);
  const of = async (personality: string) => statuses.of(`claude-${personality}`);
  expect({
    live: await of("live"),
    hung: await of("hung"),
    dead: await of("dead"),
    halted: await of("halted"),
    silent: await of("silent"),
    never: await of("never"),
  }).toEqual({
    live: "live",
    hung: "unknown",
    dead: "asleep",
    halted: "stopped",
    silent: "stopped",
    never: "asleep",
  });
  expect(statuses.of("codex-live")).toBe("asleep");
  const names = ["live", "hung", "dead", "halted", "silent", "never"];
  expect(names.map((name) => readStatus(layout, `claude-${name}`))).toEqual(names.map((name) => statuses.of(`claude-${name}`)));
});

test("where the sockets' folder cannot be looked at, every status is unknown", async () => {
  const blind = { ...layout, socketFolder: "/etc/passwd" };
  expect(readStatuses(blind).of("claude-a")).toBe("unknown");
  expect(readStatus(blind, "claude-a")).toBe("unknown");
});

test.if(process.getuid!() !== 0)("a socket that we have no right to connect to is unknown", async () => {
  using _server = listen(socketOf("a"));
  chmodSync(socketOf("a"), 0);
  expect(probeSocket(socketOf("a"))).toBe("unknown");
});
