import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { isRunning, listProcesses } from "../../src/core/process/processes.ts";
import { incarnationPaths, pointerPath } from "../../src/status/incarnation/incarnation.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok, readJson } from "../support/calls.ts";
import { canRun } from "../support/can-run.ts";
import { BINARY, finish, type Finished, until } from "../support/sandbox.ts";
import { isTmux, launchPeer, readSession, registerBy, rootOf, type Session } from "../support/session.ts";
import { prepareShared } from "../support/shared-server.ts";

const bob = useBob();
const { readLog } = bob;

const MOUNT = ["unshare", "--mount", "--propagation", "private"] as const;
const OTHER_PIDS = [...MOUNT, "--pid", "--fork", "--kill-child"] as const;
const CONTAINER = [...OTHER_PIDS, "--mount-proc"] as const;
const HAS_NAMESPACES = process.platform === "linux" && process.getuid!() === 0 && canRun(...CONTAINER);
/** A folder of sockets of its own, as in a sandbox with a /tmp of its own. */
const HIDE_SOCKETS = 'mount -t tmpfs -o mode=700 none "$IAPEER_ROOT/socks" || exit 99; ';

/** Runs sh in namespaces of its own; iapeer is `"$0"`. */
function within(namespaces: readonly string[], script: string, env: Record<string, string> = {}): Promise<Finished> {
  return finish(
    Bun.spawn([...namespaces, "sh", "-c", script, BINARY], {
      env: { ...bob.sandbox.env, ...env },
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
}

/** Stands between the results of two calls. */
const NEXT = "echo ---";

function partsOf({ stdout }: Finished): any[] {
  return stdout.split("---\n").map((text) => JSON.parse(text) as unknown);
}

/** The code of each refusal, a line of stderr each. */
function codesOf({ stderr }: Finished): string[] {
  const lines = stderr.trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { error: { code: string } }).error.code);
}

/** The tmux servers of the sandbox. */
function listServers(): number[] {
  const { root } = bob.sandbox;
  return listProcesses()
    .filter(({ pid, isZombie }) => !isZombie && isTmux(pid) && rootOf(pid) === root && nameOf(pid) === "tmux: server")
    .map(({ pid }) => pid);
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
  } catch {
    return "";
  }
}

const layout = () => layoutFrom(bob.sandbox.env);
const pathsOf = ({ identity, incarnation }: Session) => incarnationPaths(layout(), identity, incarnation);

describe.skipIf(!HAS_NAMESPACES)("a session seen from another PID namespace (root on Linux, with unshare)", () => {
  test("is unknown there and refused by each verb, with its socket and without it, and goes on untouched", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    // tests/app/elsewhere.test.ts has every verb.
    const verbs = ["launch bob", "send bob --message hello"];
    const calls = verbs.map((verb) => `"$0" ${verb} --json >/dev/null`);
    const looks = ['"$0" list --json', '"$0" supervise --once --json', '"$0" doctor --no-self-test --json'];
    const script = [looks.join(`; ${NEXT}; `), ...calls, `${HIDE_SOCKETS} "$0" launch bob --json`].join("; ");
    const seen = await within(CONTAINER, script);
    const [list, ticks, doctor] = partsOf(seen);
    expect(list[0].runtimes).toEqual([
      { runtime: "claude", status: "unknown", reason: expect.stringContaining("another PID namespace") },
    ]);
    expect(ticks).toEqual([]);
    expect(doctor.checks).toContainEqual(
      expect.objectContaining({ check: "sessions", state: "warning", code: "session-elsewhere" }),
    );
    expect(new Set(codesOf(seen))).toEqual(new Set(["session-elsewhere"]));
    expect(readSession(bob.sandbox, "claude-bob")).toEqual(session);
    expect(listServers()).toEqual([session.server.pid]);
    expect(readLog("exits.log")).toEqual([]);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "already-live", server_pid: session.server.pid });
  });

  test("is not known where /proc shows the processes of another namespace either", async () => {
    await launchPeer(bob.sandbox, "bob");
    await registerBy(bob.sandbox, "carol");
    const refused = await within(
      OTHER_PIDS,
      '"$0" launch bob --json; "$0" launch carol --json; "$0" stop carol --json >/dev/null',
    );
    const [first, second] = refused.stderr.trimEnd().split("\n");
    expect(first).toContain('"session-elsewhere"');
    expect(second).toContain("/proc here does not show");
    expect(listServers()).toHaveLength(1);
  });

  test("keeps its caller: an agent that calls from a sandbox is no person", async () => {
    const { agent } = await launchPeer(bob.sandbox, "bob");
    const token = /(?:^|\0)IAPEER_TOKEN=([^\0]*)/.exec(readFileSync(`/proc/${agent.pid}/environ`, "latin1"))![1]!;
    await registerBy(bob.sandbox, "carol");
    const refused = await within(CONTAINER, '"$0" launch carol --json', { IAPEER_TOKEN: token });
    expect(errorLine(refused)).toMatchObject({ code: "not-authorized", details: { by: "claude-bob" } });
  });

  test("that ends with its container is known as ended from then on, and recorded once", async () => {
    const container = Bun.spawn([...CONTAINER, "sh", "-c", '"$0" launch bob >/dev/null && echo up && exec sleep 600', BINARY], {
      env: bob.sandbox.env,
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    await container.stdout.getReader().read();
    expect((await bob.sandbox.json("list"))[0].runtimes[0]).toMatchObject({ status: "unknown" });
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    expect(errorLine(await bob.sandbox.iapeer("launch", "bob", "--json"))).toMatchObject({ code: "session-elsewhere" });
    expect(listServers()).toHaveLength(1);
    expect(readLog("exits.log")).toEqual([]);
    container.kill("SIGKILL");
    await container.exited;
    await until("its server is gone", () => listServers().length === 0);
    rmSync(join(bob.sandbox.root, "socks"), { recursive: true });
    expect((await bob.sandbox.json("list"))[0].runtimes[0].status).toBe("asleep");
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched" });
    expect(readLog("exits.log")).toMatchObject([{ identity: "claude-bob", cause: "unwitnessed" }]);
  });
});

describe("a session whose server sees another folder of sockets", () => {
  test.skipIf(!HAS_NAMESPACES)("is unknown there, is not launched again, and can be stopped", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const script = `${HIDE_SOCKETS} "$0" list --json; ${NEXT}; "$0" launch bob --json; "$0" send bob --message hello --json; "$0" stop bob --json`;
    const seen = await within(MOUNT, script);
    const [list, stopped] = partsOf(seen);
    expect(list[0].runtimes[0]).toMatchObject({ status: "unknown", reason: expect.stringContaining("sees another folder") });
    expect(codesOf(seen)).toEqual(["session-elsewhere", "session-elsewhere"]);
    expect(stopped).toMatchObject([{ action: "stopped", server_pid: session.server.pid }]);
    expect(isRunning(session.server)).toBe(false);
    expect(readLog("exits.log")).toEqual([]);
  });

  test("gets a folder that was deleted back with its socket", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    rmSync(dirname(session.socket), { recursive: true });
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "already-live", server_pid: session.server.pid });
    expect((await bob.sandbox.json("list"))[0].runtimes[0].status).toBe("live");
  });
});

describe("a session whose state is damaged", () => {
  const rowsOf = async () => {
    const { checks } = (await bob.sandbox.json("doctor", "--no-self-test")) as { readonly checks: readonly { code?: string }[] };
    return checks.filter(({ code }) => code === "session-damaged");
  };

  test("is found again by its server where only the file that names it is lost", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    rmSync(pointerPath(layout(), "claude-bob"));
    expect(await rowsOf()).toMatchObject([
      { details: { incarnation: session.incarnation, server_pid: session.server.pid, socket: session.socket } },
    ]);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "already-live", server_pid: session.server.pid });
    expect(readSession(bob.sandbox, "claude-bob")).toEqual(session);
  });

  test("is not launched again, is named by doctor, and ends by its stamp; another session goes on", async () => {
    await registerBy(bob.sandbox, "carol");
    const carol = await launchPeer(bob.sandbox, "carol");
    const session = await launchPeer(bob.sandbox, "bob");
    rmSync(pointerPath(layout(), "claude-bob"));
    writeFileSync(pathsOf(session).session, "{", { mode: 0o600 });
    const found = { socket: session.socket, server_pid: session.server.pid, incarnation: session.incarnation };
    expect(await rowsOf()).toMatchObject([{ hint: expect.stringContaining("iapeer stop bob"), details: found }]);
    const refused = errorLine(await bob.sandbox.iapeer("launch", "bob", "--json"));
    expect(refused).toMatchObject({ code: "session-damaged", details: found });
    expect(listServers()).toHaveLength(2);
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped", server_pid: session.server.pid }]);
    expect(isRunning(carol.server)).toBe(true);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched" });
    expect(readLog("exits.log")).toEqual([]);
  });

  test("on a shared server is found by its recorder's script, and nothing else there ends", async () => {
    prepareShared(bob.sandbox);
    await registerBy(bob.sandbox, "carol");
    const carol = await launchPeer(bob.sandbox, "carol", "claude", ["--socket", "work"]);
    const session = await launchPeer(bob.sandbox, "bob", "claude", ["--socket", "work"]);
    rmSync(pathsOf(session).session);
    expect((await bob.sandbox.json("list"))[0].runtimes[0].status).toBe("unknown");
    const refused = errorLine(await bob.sandbox.iapeer("launch", "bob", "--json"));
    expect(refused).toMatchObject({ code: "session-damaged", details: { socket: session.socket } });
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped" }]);
    expect(isRunning(session.agent)).toBe(false);
    expect(isRunning(carol.agent)).toBe(true);
    expect(readLog("exits.log")).toEqual([]);
  });

  test("whose files are all gone ends where a person names its stamp", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const { folder } = pathsOf(session);
    rmSync(pointerPath(layout(), "claude-bob"));
    rmSync(folder, { recursive: true });
    const [refused] = (await bob.sandbox.json("stop", "bob")) as readonly { error?: { code: string } }[];
    expect(refused).toMatchObject({ action: "failed", error: { code: "stale-incarnation" } });
    const stopped = await bob.sandbox.json("stop", "bob", "--if-incarnation", session.incarnation);
    expect(stopped).toMatchObject([{ action: "stopped", server_pid: session.server.pid }]);
    expect(isRunning(session.server)).toBe(false);
    // The claim outlives the recorder, which looks for it after its grace.
    await until("its recorder is gone", () => listProcesses().every(({ pid }) => rootOf(pid) !== bob.sandbox.root));
    expect(readLog("exits.log")).toEqual([]);
    expect(existsSync(folder)).toBe(true);
    await ok(bob.sandbox, "supervise", "--once");
    expect(existsSync(folder)).toBe(false);
  });
});

test("a session that an earlier version launched, which saved no namespace, is live as before", async () => {
  const session = await launchPeer(bob.sandbox, "bob");
  const { session: file } = pathsOf(session);
  const { pid_namespace: _namespace, ...earlier } = readJson(file);
  writeFileSync(file, JSON.stringify(earlier), { mode: 0o600 });
  expect((await bob.sandbox.json("list"))[0].runtimes[0]).toEqual({ runtime: "claude", status: "live" });
  expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped", server_pid: session.server.pid }]);
});
