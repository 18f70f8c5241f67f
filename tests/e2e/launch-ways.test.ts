import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { readProcess } from "../../src/core/process/processes.ts";
import { useBob } from "../support/bob.ts";
import { ok } from "../support/calls.ts";
import { until } from "../support/sandbox.ts";
import { readSession, recorderOf, signal } from "../support/session.ts";

const bob = useBob();
const { readLog } = bob;

const readExits = () => readLog("exits.log");

/** Programs of ours that come before those of the system. */
function putOnPath(name: string, body: string): void {
  bob.sandbox.script(`bin/${name}`, body);
  bob.sandbox.env["PATH"] = `${bob.sandbox.folder}/bin:${process.env["PATH"]}`;
}

/** Makes the program believe that the user's systemd runs: there is a socket where that one listens. */
function feignUserManager(): Disposable {
  const folder = join(bob.sandbox.folder, "run/systemd");
  mkdirSync(folder, { recursive: true });
  bob.sandbox.env["XDG_RUNTIME_DIR"] = join(bob.sandbox.folder, "run");
  const listener = Bun.listen({ unix: join(folder, "private"), socket: { data: () => undefined } });
  return { [Symbol.dispose]: () => listener.stop(true) };
}

test("the recorder and the server are in sessions and groups of their own, neither in that of who launched", async () => {
  await ok(bob.sandbox, "launch", "bob");
  const { server } = readSession(bob.sandbox, "claude-bob");
  const [recorder, watched] = [readProcess(recorderOf(readSession(bob.sandbox, "claude-bob"))!.pid)!, readProcess(server.pid)!];
  expect(recorder.sid).toBe(recorder.pid);
  expect(watched).toMatchObject({ sid: watched.pid, pgid: watched.pid, ppid: recorder.pid });
});

test.skipIf(process.platform !== "linux")(
  "under the user's systemd the server gets a scope of its own, and its recorder is its parent all the same",
  async () => {
    using _manager = feignUserManager();
    const asked = join(bob.sandbox.folder, "asked");
    putOnPath("systemd-run", `echo "$*" >'${asked}'\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"`);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched", witness: "parent" });
    expect(readFileSync(asked, "utf8")).toStartWith(
      "--user --scope --quiet --collect --property=OOMPolicy=continue --property=Before=iapeer-agent-bob.service -- ",
    );
    signal("KILL", readSession(bob.sandbox, "claude-bob").server);
    await until("its death is recorded", () => readExits().length === 1);
    expect(readExits()).toMatchObject([{ signal: "KILL", witness: "parent" }]);
  },
);

test.skipIf(process.platform !== "linux")("a scope that is refused is done without, and the attempt is no death", async () => {
  using _manager = feignUserManager();
  putOnPath("systemd-run", "exit 1");
  expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched", witness: "parent" });
  expect(readExits()).toEqual([]);
  signal("KILL", readSession(bob.sandbox, "claude-bob").server);
  await until("its death is recorded", () => readExits().length === 1);
});

test("where the recorder cannot be the parent the launch works all the same, and a client waits", async () => {
  putOnPath("tmux", `for word; do [ "$word" != -D ] || exit 1; done\nexec '${Bun.which("tmux")}' "$@"`);
  expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched", witness: "client" });
  expect(readExits()).toEqual([]);
  signal("KILL", readSession(bob.sandbox, "claude-bob").server);
  await until("its death is recorded", () => readExits().length === 1);
  expect(readExits()).toMatchObject([{ cause: "server-vanished", witness: "client" }]);
});

test("where nobody can watch at all the launch works all the same, and says so", async () => {
  putOnPath("tmux", `for word; do case $word in -D | wait-for) exit 1 ;; esac; done\nexec '${Bun.which("tmux")}' "$@"`);
  const { stdout, stderr, status } = await bob.sandbox.iapeer("launch", "bob", "--json");
  expect([status, JSON.parse(stdout).witness]).toEqual([0, null]);
  expect(stderr).toContain("runs without a canary");
  expect(await bob.sandbox.json("canary", "status")).toMatchObject([{ armed: false }]);
  const lines = bob.readLog("lifecycle.log").filter(({ ev }) => ev === "canary");
  expect(lines).toMatchObject([{ state: "failed", origin: "launch", why: expect.stringMatching(/^its client could not wait/) }]);
});

test.each([
  ["a link that leads in a circle", (path: string) => symlinkSync(path, path)],
  ["a folder", (path: string) => mkdirSync(path)],
])("a session's log that is %s is no reason not to launch", async (_, spoil) => {
  mkdirSync(join(bob.sandbox.root, "logs/lifecycle"), { recursive: true });
  spoil(join(bob.sandbox.root, "logs/lifecycle/claude-bob.log"));
  expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched" });
});

test("a tmux that is too old is refused by name and version, before anything starts", async () => {
  putOnPath("tmux", "echo tmux 3.1c");
  const refused = await bob.sandbox.iapeer("launch", "bob");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("is tmux 3.1c; sessions need 3.2 or later");
});
