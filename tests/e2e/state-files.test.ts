// Something else than a file in the place of each file that docs/files.md names: an error with its name and path, never a guess or a hang.
import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { mintIncarnation } from "../../src/launch/session/session.ts";
import { incarnationPaths, readPointer } from "../../src/status/incarnation/incarnation.ts";
import { findMisplaced } from "../../src/status/state-places.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { prepareSessions, registerBy } from "../support/session.ts";

const IDENTITY = "claude-bob";
const ARM = ["canary", "arm", "bob"];

/** A file of docs/files.md, and a call that stumbles over what stands in its place. */
interface Row {
  /** Its path as the page has it. */
  readonly named: string;
  readonly at: (sandbox: Sandbox) => string;
  readonly call: readonly string[];
  readonly exit: number;
  /** The code on stdout or stderr. */
  readonly code: string;
}

const inRoot = (path: string) => (sandbox: Sandbox) => join(sandbox.root, path);
const inState = (end: string) => inRoot(`state/iapeer/lifecycle/${IDENTITY}.${end}`);
const inPeer = (path: string) => inRoot(`peers/bob/.iapeer/${path}`);
const inIncarnation = (name: string) => (sandbox: Sandbox) => {
  const layout = layoutFrom(sandbox.env);
  return join(incarnationPaths(layout, IDENTITY, readPointer(layout, IDENTITY)!).folder, name);
};
const state = (named: string, at: Row["at"]): Row => ({ named, at, call: ARM, exit: 5, code: "state-untrusted" });

const ROWS: readonly Row[] = [
  { named: "<root>/peers-profiles.json", at: inRoot("peers-profiles.json"), call: ["list"], exit: 5, code: "registry-corrupt" },
  {
    named: "<root>/peers-profiles.json.bak",
    at: inRoot("peers-profiles.json.bak"),
    call: ["list"],
    exit: 5,
    code: "registry-corrupt",
  },
  {
    named: "<root>/peers-profiles.lock",
    at: inRoot("peers-profiles.lock"),
    call: ["add", "amy"],
    exit: 5,
    code: "state-untrusted",
  },
  {
    named: "<root>/memory-provider.json",
    at: inRoot("memory-provider.json"),
    call: ["provider", "check"],
    exit: 1,
    code: "unreadable",
  },
  { named: "<root>/fleet.yaml", at: inRoot("fleet.yaml"), call: ["fleet", "check"], exit: 2, code: "fleet-unreadable" },
  {
    named: "<root>/state/iapeer/native-memory.lock",
    at: inRoot("state/iapeer/native-memory.lock"),
    call: ["native-memory", "off", "--peer", "bob"],
    exit: 1,
    code: "the lock",
  },
  {
    named: "<root>/state/iapeer/supervise.lock",
    at: inRoot("state/iapeer/supervise.lock"),
    call: ["supervise"],
    exit: 5,
    code: "error: the lock",
  },
  {
    named: "<root>/state/iapeer/fleet.json",
    at: inRoot("state/iapeer/fleet.json"),
    call: ["fleet", "comms", "bob"],
    exit: 5,
    code: "fleet-state-corrupt",
  },
  {
    named: "<root>/logs/iapeer/exits.log",
    at: inRoot("logs/iapeer/exits.log"),
    call: ["deaths"],
    exit: 5,
    code: "log-untrusted",
  },
  {
    named: "<root>/logs/iapeer/lifecycle.log",
    at: inRoot("logs/iapeer/lifecycle.log"),
    call: ["status"],
    exit: 1,
    code: "log-untrusted",
  },
  {
    named: "<root>/logs/lifecycle/<runtime>-<peer>.log",
    at: inRoot(`logs/lifecycle/${IDENTITY}.log`),
    call: ["tail", "bob"],
    exit: 5,
    code: "log-untrusted",
  },
  { named: ".log.1", at: inRoot(`logs/lifecycle/${IDENTITY}.log.1`), call: ["tail", "bob"], exit: 5, code: "log-untrusted" },
  {
    named: "<peer's folder>/.iapeer/peer-profile.json",
    at: inPeer("peer-profile.json"),
    call: ["update", "bob", "--description", "x"],
    exit: 5,
    code: "profile-corrupt",
  },
  {
    named: "<peer's folder>/.iapeer/runtimes/<runtime>/launch.env",
    at: inPeer("runtimes/claude/launch.env"),
    call: ["launch", "bob"],
    exit: 5,
    code: "launch-env-invalid",
  },
  {
    named: "<root>/runtimes/<runtime>/runtime.json",
    at: inRoot("runtimes/zed/runtime.json"),
    call: ["launch", "zoe"],
    exit: 5,
    code: "runtime-invalid",
  },
  state("<identity>.lock", inState("lock")),
  state("<identity>.send.lock", inState("send.lock")),
  state("<identity>.beat", inState("beat")),
  state("<identity>.comms.md", inState("comms.md")),
  state("<identity>.session", inState("session")),
  state("<identity>.stopped", inState("stopped")),
  state("<identity>.provision.json", inState("provision.json")),
  state("<identity>.<uuid>/session.json", inIncarnation("session.json")),
  state("<identity>.<uuid>/held", inIncarnation("held")),
  state("<identity>.<uuid>/canary.sh", inIncarnation("canary.sh")),
  state("canary.json", inIncarnation("canary.json")),
  state("canary.lock", inIncarnation("canary.lock")),
  state("<identity>.<uuid>/server.lock", inIncarnation("server.lock")),
  state("<identity>.<uuid>/claim", inIncarnation("claim")),
  state("<identity>.<uuid>/claim.reserved", inIncarnation("claim.reserved")),
  state("stopped.reserved", inIncarnation("stopped.reserved")),
  state("<identity>.<uuid>/recorded", inIncarnation("recorded")),
  state("<identity>.<uuid>/evidence", inIncarnation("evidence")),
  state("evidence.late", inIncarnation("evidence.late")),
  state("<identity>.<uuid>/pending", inIncarnation("pending")),
];

/** The paths of the page that have no row here, and why. */
const ELSEWHERE: readonly string[] = [
  // It is a link: tests/launch/pen.test.ts
  "<identity>.<uuid>/pen",
  // Folders.
  "<root>/peers/<peer>/",
  "<root>/socks/",
  // The rows of its files.
  "<root>/state/iapeer/lifecycle/<runtime>-<peer>.*",
  // Nothing to apply stands in the way: tests/core/disk/lock.test.ts has every lock.
  "<root>/state/iapeer/fleet.lock",
  // tests/status/deaths/forensics.test.ts
  "<root>/logs/iapeer/server-deaths/<runtime>-<peer>-<time>.txt",
  // tests/registry/card-place.test.ts
  "<peer's folder>/.iapeer/peers/<peer>/peer-profile.json",
  // iapeer writes it only where nothing is.
  "<peer's folder>/.iapeer/.gitignore",
  // tests/e2e/fleet-boot.test.ts
  "~/.config/systemd/user/iapeer-supervise.service",
  "~/.config/systemd/user/iapeer-fleet.target",
  "~/.config/systemd/user/iapeer-agent-<name>.service",
];

test("every file of the page has a row here, or a reason for none", () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/files.md"), "utf8").split("## Environment")[0]!;
  const told = page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...line.split(" | ")[0]!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!));
  const known = [...ROWS.map(({ named }) => named), ...ELSEWHERE, ".log.1"];
  expect(told.filter((path) => !known.includes(path))).toEqual([]);
});

const KINDS = [
  ["a folder", (path: string) => mkdirSync(path)],
  ["a FIFO", (path: string) => Bun.spawnSync(["mkfifo", "-m", "600", path])],
  ["a link", (path: string) => symlinkSync("/etc/hostname", path)],
] as const;

async function openBox(): Promise<Sandbox> {
  const sandbox = openSandbox();
  prepareSessions(sandbox);
  await registerBy(sandbox, "bob");
  mkdirSync(layoutFrom(sandbox.env).stateFolder, { recursive: true, mode: 0o700 });
  mintIncarnation(layoutFrom(sandbox.env), IDENTITY, { now: new Date() });
  return sandbox;
}

/** Puts something into the place of a file. */
function plant(path: string, make: (path: string) => unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  make(path);
}

describe("the name and the path are told of", () => {
  test.each(
    ROWS.map((row, index) => [KINDS[index % KINDS.length]![0], row.named, row, KINDS[index % KINDS.length]![1]] as const),
  )("%s at %s", async (_, named, { at, call, exit, code }, make) => {
    using sandbox = await openBox();
    if (named.endsWith("runtime.json")) await registerBy(sandbox, "zoe", "zed");
    const path = at(sandbox);
    if (named.endsWith(".bak")) rmSync(join(sandbox.root, "peers-profiles.json"));
    plant(path, make);
    // A verb that runs on has no JSON.
    const finished = await sandbox.iapeer(...call, ...(call[0] === "supervise" ? [] : ["--json"]));
    expect({ exit: finished.status, told: finished.stdout + finished.stderr }).toEqual({
      exit,
      told: expect.stringContaining(code),
    });
    expect(finished.stdout + finished.stderr).toContain(path);
    expect(lstatSync(path).isFile()).toBe(false);
  });
});

const KEPT = ROWS.filter(({ call }) => call === ARM);

test.each(KINDS)("a look tells of %s in each place of an identity, and reads nothing", async (_, make) => {
  using sandbox = await openBox();
  const layout = layoutFrom(sandbox.env);
  expect(findMisplaced(layout, IDENTITY)).toEqual([]);
  for (const { at } of KEPT) {
    const path = at(sandbox);
    // The pointer leads to the others.
    if (path.endsWith(".session")) continue;
    plant(path, make);
    expect(findMisplaced(layout, IDENTITY).map(({ code, details }) => [code, details?.["path"]])).toContainEqual([
      "state-untrusted",
      path,
    ]);
  }
});

test("what looks at all peers says which one it cannot tell, and why", async () => {
  using sandbox = await openBox();
  const path = inState("session")(sandbox);
  plant(path, (at) => mkdirSync(at));
  const message = `the name of the session ${path} is a folder`;
  const list = await sandbox.iapeer("list", "--json");
  expect([JSON.parse(list.stdout)[0].runtimes, list.stderr]).toEqual([
    [{ runtime: "claude", status: "unknown", reason: message }],
    `warning: ${message}\n`,
  ]);
  const { attention } = await sandbox.json("status");
  expect(attention).toContainEqual({ message, hint: expect.stringContaining("mv "), code: "state-untrusted" });
  const { checks } = await sandbox.json("doctor", "--no-self-test");
  expect(checks).toContainEqual({ check: "state", state: "error", message, hint: expect.stringContaining("mv ") });
  expect(await sandbox.json("supervise", "--once")).toEqual([{ identity: IDENTITY, action: "failed", detail: message }]);
});
