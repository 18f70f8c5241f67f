import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEvents } from "../../src/core/event-log.ts";
import { readProcess } from "../../src/core/processes.ts";
import { ok } from "../support/calls.ts";
import { openSandbox, type Sandbox, until } from "../support/sandbox.ts";
import { prepareSessions, processesOf, readSession, recorderOf, signal } from "../support/session.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = openSandbox();
  prepareSessions(sandbox);
  await ok(sandbox, "add", "bob");
});
afterEach(async () => {
  await sandbox.iapeer("stop", "--all");
  await until("nothing of the sandbox runs", () => processesOf(sandbox).length === 0);
  sandbox[Symbol.dispose]();
});

const readExits = () => {
  const path = join(sandbox.root, "logs/iapeer/exits.log");
  return existsSync(path) ? parseEvents(readFileSync(path, "utf8")) : [];
};

/** Programs of ours that come before those of the system. */
function putOnPath(name: string, body: string): void {
  sandbox.script(`bin/${name}`, body);
  sandbox.env["PATH"] = `${sandbox.folder}/bin:${process.env["PATH"]}`;
}

/** Makes the program believe that the user's systemd runs: there is a socket where that one listens. */
function feignUserManager(): Disposable {
  const folder = join(sandbox.folder, "run/systemd");
  mkdirSync(folder, { recursive: true });
  sandbox.env["XDG_RUNTIME_DIR"] = join(sandbox.folder, "run");
  const listener = Bun.listen({ unix: join(folder, "private"), socket: { data: () => undefined } });
  return { [Symbol.dispose]: () => listener.stop(true) };
}

test("the recorder and the server are in sessions and groups of their own, neither in that of who launched", async () => {
  await ok(sandbox, "launch", "bob");
  const { server } = readSession(sandbox, "claude-bob");
  const [recorder, watched] = [readProcess(recorderOf(readSession(sandbox, "claude-bob"))!.pid)!, readProcess(server.pid)!];
  expect(recorder.sid).toBe(recorder.pid);
  expect(watched).toMatchObject({ sid: watched.pid, pgid: watched.pid, ppid: recorder.pid });
});

test.skipIf(process.platform !== "linux")("under the user's systemd the server gets a scope of its own, and its recorder is its parent all the same", async () => {
  using _manager = feignUserManager();
  const asked = join(sandbox.folder, "asked");
  putOnPath("systemd-run", `echo "$*" >'${asked}'\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"`);
  expect(await sandbox.json("launch", "bob")).toMatchObject({ action: "launched", witness: "parent" });
  expect(readFileSync(asked, "utf8")).toStartWith("--user --scope --quiet --collect --property=OOMPolicy=continue -- ");
  signal("KILL", readSession(sandbox, "claude-bob").server);
  await until("its death is recorded", () => readExits().length === 1);
  expect(readExits()).toMatchObject([{ signal: "KILL", witness: "parent" }]);
});

test.skipIf(process.platform !== "linux")("a scope that is refused is done without, and the attempt is no death", async () => {
  using _manager = feignUserManager();
  putOnPath("systemd-run", "exit 1");
  expect(await sandbox.json("launch", "bob")).toMatchObject({ action: "launched", witness: "parent" });
  expect(readExits()).toEqual([]);
  signal("KILL", readSession(sandbox, "claude-bob").server);
  await until("its death is recorded", () => readExits().length === 1);
});

test("where the recorder cannot be the parent the launch works all the same, and a client waits", async () => {
  putOnPath("tmux", `for word; do [ "$word" != -D ] || exit 1; done\nexec '${Bun.which("tmux")}' "$@"`);
  expect(await sandbox.json("launch", "bob")).toMatchObject({ action: "launched", witness: "client" });
  expect(readExits()).toEqual([]);
  signal("KILL", readSession(sandbox, "claude-bob").server);
  await until("its death is recorded", () => readExits().length === 1);
  expect(readExits()).toMatchObject([{ cause: "server-vanished", witness: "client" }]);
});

test("where nobody can watch at all the launch works all the same, and says so", async () => {
  putOnPath("tmux", `for word; do case $word in -D | wait-for) exit 1 ;; esac; done\nexec '${Bun.which("tmux")}' "$@"`);
  const { stdout, stderr, status } = await sandbox.iapeer("launch", "bob", "--json");
  expect([status, JSON.parse(stdout).witness]).toEqual([0, null]);
  expect(stderr).toContain("runs without a canary");
  expect(await sandbox.json("canary", "status")).toMatchObject([{ armed: false }]);
});

test("a tmux that is too old is refused by name and version, before anything starts", async () => {
  putOnPath("tmux", "echo tmux 3.1c");
  const refused = await sandbox.iapeer("launch", "bob");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("is tmux 3.1c; sessions need 3.2 or later");
});
