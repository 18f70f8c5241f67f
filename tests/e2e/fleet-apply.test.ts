import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApplyReport } from "../../src/app/fleet/apply.ts";
import type { PsRow } from "../../src/fleet/ps/types.ts";
import type { PeerJson } from "../../src/app/peer-json.ts";
import { canRun } from "../support/can-run.ts";
import { errorLine, ok, readJson, readRegistryFile, recordingSlot, valuesOf } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { type AgentText, writeFleet } from "../support/fleet.ts";
import { soaked } from "../support/soak.ts";
import { BINARY, finish, openSandbox, type Sandbox, until } from "../support/sandbox.ts";
import { declareLineReaders, prepareSessions, processesOf, readSession } from "../support/session.ts";
import { prepareShared, SHARED } from "../support/shared-server.ts";

let box: Sandbox;
beforeEach(() => {
  box = openSandbox();
  prepareSessions(box);
});
afterEach(async () => {
  await box.iapeer("stop", "--all");
  await until("nothing of the sandbox runs", () => processesOf(box).length === 0);
  box[Symbol.dispose]();
});

const agent = (name: string, more: AgentText = {}): AgentText => ({ name, class: "implementer", ...more });
const fleet = async (...args: string[]) => (await box.json("fleet", ...args)) as ApplyReport;
const apply = async (...args: string[]) => await fleet("apply", ...args);
const rowOf = ({ rows }: Pick<ApplyReport, "rows">, name: string) => rows.find(({ peer }) => peer === name);
const opsOf = ({ rows }: ApplyReport) => rows.map(({ peer, op, status }) => `${peer} ${op} ${status}`);
const appliedFleet = () => readJson(`${box.root}/state/iapeer/fleet.json`);

/** Every file and folder below the root, with all that a write would change of it. */
function snapshot(): string[] {
  return (readdirSync(box.root, { recursive: true }) as string[]).toSorted().map((name) => {
    const { ino, mtimeMs, size } = statSync(join(box.root, name), { throwIfNoEntry: false }) ?? {};
    return `${name} ${ino} ${mtimeMs} ${size}`;
  });
}

describe("fleet apply", () => {
  test("makes the host match the file, tells of every agent in its order, and attaches memory once", async () => {
    const { told } = recordingSlot(box);
    writeFleet(box, [agent("zoe"), agent("adam", { runtime: "codex" }), agent("far", { host: "mill", ssh: "me@mill" })]);
    const report = await apply();
    expect(report).toMatchObject({
      ok: true,
      dry_run: false,
      file: `${box.root}/fleet.yaml`,
      revision: 1,
      registry_revision: 2,
      undeclared: [],
      problems: [],
    });
    expect(report.rows).toEqual([
      { peer: "zoe", op: "add", status: "done", stage: "memory", cause: null, retryable: false, message: null },
      { peer: "adam", op: "add", status: "done", stage: "memory", cause: null, retryable: false, message: null },
      { peer: "far", op: "add", status: "done", stage: "record", cause: null, retryable: false, message: null },
    ]);
    expect(told().toSorted()).toEqual(
      [`provision birth claude zoe ${box.root}/peers/zoe`, `provision birth codex adam ${box.root}/peers/adam`].toSorted(),
    );
    expect(readRegistryFile(box).peers.map((row) => [row["personality"], row["default_runtime"]])).toEqual([
      ["adam", "codex"],
      ["zoe", "claude"],
    ]);
    expect(valuesOf(appliedFleet()["agents"] as any[], "name")).toEqual(["zoe", "adam", "far"]);
  });

  test("applied twice writes nothing the second time", async () => {
    const { told } = recordingSlot(box);
    writeFleet(box, [
      agent("a"),
      agent("b", { runtime: "codex", working_directory: "own", model_hint: "m" }),
      agent("far", { host: "h", ssh: "h" }),
    ]);
    await apply();
    const before = snapshot();
    const report = await apply("--prune");
    expect(opsOf(report)).toEqual(["a unchanged unchanged", "b unchanged unchanged", "far unchanged unchanged"]);
    expect(snapshot()).toEqual(before);
    expect(told()).toHaveLength(2);
  });

  test("--dry-run says what would be done and touches nothing", async () => {
    writeFleet(box, [agent("a"), agent("b")]);
    const before = snapshot();
    expect(opsOf(await apply("--dry-run"))).toEqual(["a add planned", "b add planned"]);
    expect(snapshot()).toEqual(before);
    await apply();
    writeFleet(box, [agent("a", { class: "tester" })]);
    const report = await apply("--dry-run", "--prune");
    expect(opsOf(report)).toEqual(["a update planned", "b remove planned"]);
    expect(rowOf(report, "a")?.message).toBe("class");
  });

  test("touches nothing for a file with an error, and tells all of it: exit 2; without a file: exit 3", async () => {
    const none = await box.iapeer("fleet", "apply", "--json");
    expect({ status: none.status, code: errorLine(none).code }).toEqual({ status: 3, code: "file-not-found" });
    box.write(`${box.root}/fleet.yaml`, "version: 1\npolicy: none\nagents:\n  - { name: a }\n  - { name: B, class: tester }\n");
    const bad = await box.iapeer("fleet", "apply", "--json");
    expect(bad).toMatchObject({ status: 2, stdout: "" });
    const { code, details } = errorLine(bad);
    expect(code).toBe("fleet-invalid");
    expect(valuesOf((details as any).problems, "code")).toEqual(["fleet-missing-key", "fleet-invalid-name"]);
    expect(existsSync(`${box.root}/peers-profiles.json`)).toBe(false);
    const said = await box.iapeer("fleet", "apply");
    expect(said.stderr).toContain(`${box.root}/fleet.yaml:4:`);
  });

  test("one that cannot be done is told with its cause, and keeps none of the others back", async () => {
    await ok(box, "add", "owner", "--cwd", "taken");
    writeFleet(box, [agent("a", { working_directory: "../taken" }), agent("b")]);
    const { status } = await box.iapeer("fleet", "apply");
    expect(status).toBe(1);
    const report = await apply();
    expect(rowOf(report, "a")).toMatchObject({
      op: "add",
      status: "failed",
      stage: "check",
      cause: "conflict",
      retryable: false,
    });
    expect(rowOf(report, "a")?.message).toContain("is owner's");
    expect(rowOf(report, "b")).toMatchObject({ op: "unchanged", status: "unchanged" });
    expect(valuesOf(appliedFleet()["agents"] as any[], "name")).toEqual(["b"]);
  });

  test("who is declared no more stays until --prune; a peer of a person's own always stays", async () => {
    const { told } = recordingSlot(box);
    await ok(box, "add", "own");
    writeFleet(box, [agent("a"), agent("b")]);
    await apply();
    writeFleet(box, [agent("a")]);
    expect(await apply()).toMatchObject({ ok: true, undeclared: ["b"] });
    expect((await box.iapeer("fleet", "apply")).stderr).toContain("no longer declared, and still here: b");
    expect(opsOf(await apply("--prune"))).toEqual(["a unchanged unchanged", "b remove done"]);
    expect(valuesOf(readRegistryFile(box).peers as any[], "personality")).toEqual(["a", "own"]);
    expect(told().filter((line) => line.startsWith("unprovision"))).toEqual([`unprovision remove claude b ${box.root}/peers/b`]);
    expect(existsSync(`${box.root}/peers/b`)).toBe(true);
    expect(await apply("--prune")).toMatchObject({ rows: [{ peer: "a", op: "unchanged" }], undeclared: [] });
  });

  test("agents that share a folder have a card each, and a prune of all of them needs a word", async () => {
    const cwd = `${box.folder}/app`;
    const sharing = (name: string) => agent(name, { working_directory: cwd, shared_folder: true });
    writeFleet(box, [sharing("a"), sharing("b")]);
    expect(opsOf(await apply())).toEqual(["a add done", "b add done"]);
    expect(JSON.parse(readFileSync(`${cwd}/.iapeer/peer-profile.json`, "utf8")).personality).toBe("a");
    expect(JSON.parse(readFileSync(`${cwd}/.iapeer/peers/b/peer-profile.json`, "utf8")).personality).toBe("b");
    expect(opsOf(await apply())).toEqual(["a unchanged unchanged", "b unchanged unchanged"]);
    writeFleet(box, []);
    expect(errorLine(await box.iapeer("fleet", "apply", "--prune", "--json"))).toMatchObject({
      code: "fleet-prunes-all",
      details: { agents: ["a", "b"] },
    });
    expect(opsOf(await apply("--prune", "--allow-empty"))).toEqual(["a remove done", "b remove done"]);
  });

  test("a live one is not pruned, and those that wait for it are skipped and name it", async () => {
    writeFleet(box, [agent("old", { working_directory: "../shared" })]);
    await apply("--start");
    writeFleet(box, [agent("new", { working_directory: "../shared" })]);
    const report = await apply("--prune");
    expect(rowOf(report, "old")).toMatchObject({
      op: "remove",
      status: "failed",
      stage: "check",
      cause: "live",
      retryable: true,
    });
    expect(rowOf(report, "new")).toMatchObject({
      op: "add",
      status: "skipped",
      cause: "blocked",
      retryable: true,
      message: "it waits for old, which was not done",
    });
    await ok(box, "stop", "old");
    expect(opsOf(await apply("--prune"))).toEqual(["new add done", "old remove done"]);
    expect(readRegistryFile(box).peers).toMatchObject([{ personality: "new", cwd: `${box.folder}/shared` }]);
  });

  test("the last orchestrator is only pruned when the next one is there", async () => {
    const policy = { policy: { orchestrators: 1, min_enhancers: 0 } };
    writeFleet(box, [agent("first", { class: "orchestrator" })], policy);
    await apply();
    box.write("file", "");
    writeFleet(box, [agent("second", { class: "orchestrator", working_directory: "../file" })], policy);
    const report = await apply("--prune");
    expect(rowOf(report, "second")).toMatchObject({ status: "failed", cause: "invalid" });
    expect(rowOf(report, "first")).toMatchObject({ op: "remove", status: "skipped", cause: "blocked" });
    expect(await apply()).toMatchObject({ undeclared: ["first"] });
    writeFleet(box, [agent("second", { class: "orchestrator" })], policy);
    expect(opsOf(await apply("--prune"))).toEqual(["second add done", "first remove done"]);
  });

  test("another folder is a move: the memory is detached there and attached here; a live one is refused", async () => {
    const { told } = recordingSlot(box);
    writeFleet(box, [agent("a")]);
    await apply("--start");
    writeFleet(box, [agent("a", { working_directory: "../moved" })]);
    expect(rowOf(await apply(), "a")).toMatchObject({
      op: "update",
      status: "failed",
      cause: "live",
      message: expect.stringContaining("iapeer stop a") as unknown,
    });
    await ok(box, "stop", "a");
    expect(rowOf(await apply(), "a")).toMatchObject({ op: "update", status: "done", stage: "memory" });
    expect(told().slice(1)).toEqual([
      `unprovision remove claude a ${box.root}/peers/a`,
      `provision birth claude a ${box.folder}/moved`,
    ]);
    expect(readRegistryFile(box).peers).toMatchObject([{ personality: "a", cwd: `${box.folder}/moved` }]);
  });

  test("a move takes along what anybody gave the peer, and is not begun where the folder cannot be made", async () => {
    const { told } = recordingSlot(box);
    writeFleet(box, [agent("a")]);
    await apply();
    await ok(box, "update", "a", "--description", "mine", "--add-runtime", "codex", "--intelligence", "natural");
    const file = `${box.root}/peers-profiles.json`;
    const card = `${box.root}/peers/a/.iapeer/peer-profile.json`;
    for (const path of [file, card])
      writeFileSync(path, readFileSync(path, "utf8").replace('"description"', '"x-custom": 7, "description"'));
    writeFleet(box, [agent("a", { working_directory: "../file/below" })]);
    box.write("file", "");
    expect(rowOf(await apply(), "a")).toMatchObject({
      status: "failed",
      stage: "check",
      cause: "invalid",
      message: expect.stringContaining("cannot be made") as unknown,
    });
    expect(told()).toHaveLength(2);
    writeFleet(box, [agent("a", { working_directory: "../moved" })]);
    expect(rowOf(await apply(), "a")).toMatchObject({ op: "update", status: "done", stage: "memory" });
    expect(readRegistryFile(box).peers).toMatchObject([
      {
        personality: "a",
        cwd: `${box.folder}/moved`,
        description: "mine",
        runtimes: ["claude", "codex"],
        intelligence: "natural",
        "x-custom": 7,
      },
    ]);
    expect(readJson(`${box.folder}/moved/.iapeer/peer-profile.json`)).toMatchObject({ description: "mine", "x-custom": 7 });
    expect(
      told()
        .slice(2)
        .map((line) => line.split(" ").slice(0, 3).join(" ")),
    ).toEqual(["unprovision remove claude", "unprovision remove codex", "provision birth claude", "provision birth codex"]);
    expect(opsOf(await apply())).toEqual(["a unchanged unchanged"]);
    expect((await box.iapeer("verify")).status).toBe(0);
  });

  test("another runtime comes in the place of the one that was declared before, and of no other", async () => {
    const { told } = recordingSlot(box);
    writeFleet(box, [agent("a")]);
    await apply();
    await ok(box, "update", "a", "--add-runtime", "telegram");
    writeFleet(box, [agent("a", { runtime: "codex" })]);
    expect(rowOf(await apply(), "a")).toMatchObject({ op: "update", status: "done" });
    expect(readRegistryFile(box).peers).toMatchObject([{ runtimes: ["telegram", "codex"], default_runtime: "codex" }]);
    expect(told().slice(1)).toEqual([
      `unprovision remove claude a ${box.root}/peers/a`,
      `provision birth codex a ${box.root}/peers/a`,
    ]);
    expect(opsOf(await apply())).toEqual(["a unchanged unchanged"]);
  });

  test("a memory that could not be attached fails no row, is told, and is tried again by the next apply", async () => {
    recordingSlot(box, { exit: 3 });
    writeFleet(box, [agent("a")]);
    const row = rowOf(await apply(), "a");
    expect(row).toMatchObject({ status: "done", cause: "provider", retryable: true });
    expect(row?.message).toContain("said on stderr");
    const { told } = recordingSlot(box);
    expect(rowOf(await apply(), "a")).toMatchObject({ op: "update", status: "done", stage: "memory", cause: null });
    expect(told()).toHaveLength(2);
    await ok(box, "memory-plugin", "off", "--peer", "a");
    expect(opsOf(await apply())).toEqual(["a unchanged unchanged"]);
  });

  test("--if-revision refuses when another fleet was applied: exit 4", async () => {
    writeFleet(box, [agent("a")]);
    const { status, stderr } = await box.iapeer("fleet", "apply", "--if-revision", "3", "--json");
    expect(status).toBe(4);
    expect(stderr).toContain("revision-conflict");
    expect(existsSync(`${box.root}/peers-profiles.json`)).toBe(false);
    await ok(box, "add", "z");
    expect(await apply("--if-revision", "0")).toMatchObject({ ok: true, revision: 1, registry_revision: 2 });
    expect(await apply("--if-revision", "1")).toMatchObject({ ok: true, revision: 1 });
    expect(await box.json("fleet", "add", "b", "--class", "tester", "--if-revision", "1")).toMatchObject({ revision: 2 });
    const late = await box.iapeer("fleet", "remove", "b", "--if-revision", "1", "--json");
    expect({ status: late.status, code: errorLine(late).code }).toEqual({ status: 4, code: "revision-conflict" });
  });

  test("one that is declared elsewhere and registered here is refused", async () => {
    await ok(box, "add", "a");
    writeFleet(box, [agent("a", { host: "h", ssh: "h" })]);
    expect(rowOf(await apply(), "a")).toMatchObject({ status: "failed", stage: "check", cause: "conflict" });
  });

  test("--start launches who is not live, and tells who could not be", async () => {
    box.script("broken", "echo it broke\nexit 3");
    box.write(`${box.root}/runtimes/broken/runtime.json`, JSON.stringify({ command: `${box.folder}/broken`, args: [] }));
    writeFleet(box, [agent("a"), agent("b"), agent("c", { runtime: "broken" }), agent("far", { host: "h", ssh: "h" })]);
    await apply();
    await ok(box, "launch", "a");
    const report = await apply("--start");
    expect(opsOf(report)).toEqual(["a unchanged unchanged", "b unchanged done", "c unchanged failed", "far unchanged unchanged"]);
    expect(rowOf(report, "b")).toMatchObject({ stage: "launch", message: "launched" });
    expect(rowOf(report, "c")).toMatchObject({ stage: "launch", cause: "runtime", retryable: true });
    expect(
      valuesOf(
        ((await box.json("list")) as PeerJson[]).flatMap(({ runtimes }) => runtimes),
        "status",
      ),
    ).toEqual(["live", "live", "asleep"]);
  });

  test("--start launches all on the one tmux server that the file names, and a name that goes brings each back to its own", async () => {
    const socket = prepareShared(box);
    const agents = [agent("a"), agent("b", { runtime: "codex" })];
    writeFleet(box, agents, { policy: "none", tmux: { socket_name: SHARED } });
    expect(opsOf(await apply("--start"))).toEqual(["a add done", "b add done"]);
    const sockets = () => ["claude-a", "codex-b"].map((identity) => readSession(box, identity));
    expect(sockets().map((session) => session.socket)).toEqual([socket, socket]);
    expect(new Set(sockets().map(({ server }) => server.pid)).size).toBe(1);
    await until("both are healthy", async () => (await box.iapeer("fleet", "ps")).status === 0);
    expect(opsOf(await apply("--dry-run", "--start"))).toEqual(["a unchanged unchanged", "b unchanged unchanged"]);
    await ok(box, "stop", "a");
    expect(opsOf(await apply("--dry-run", "--start"))).toEqual(["a unchanged planned", "b unchanged unchanged"]);
    declareLineReaders(box);
    await ok(box, "send", "b", "-m", "hello", "--verify");
    writeFleet(box, agents);
    const report = await apply();
    expect(opsOf(report)).toEqual(["a update done", "b update done"]);
    expect(rowOf(report, "b")?.message).toBe("b is live: it changes with its next launch");
    expect(((await box.json("fleet", "ps")) as PsRow[])[1]?.drift).toEqual([
      { code: "socket-differs", message: "the file says its own; running: work" },
    ]);
    await ok(box, "stop", "--all");
    await apply("--start");
    expect(sockets().map((session) => session.socket)).toEqual([
      `${box.root}/socks/tmux-iap-claude-a.sock`,
      `${box.root}/socks/tmux-iap-codex-b.sock`,
    ]);
  });

  test("--dry-run --start says who would be launched, and touches nothing", async () => {
    writeFleet(box, [agent("a"), agent("b", { runtime: "opencode", model_hint: "m" }), agent("far", { host: "h", ssh: "h" })]);
    await apply();
    await ok(box, "launch", "a");
    const before = snapshot();
    const report = await apply("--dry-run", "--start");
    expect(opsOf(report)).toEqual(["a unchanged unchanged", "b unchanged planned", "far unchanged unchanged"]);
    expect(rowOf(report, "b")).toMatchObject({ stage: "launch", message: "launch" });
    const isLog = (line: string) => line.startsWith("logs/");
    expect(snapshot().filter((line) => !isLog(line))).toEqual(before.filter((line) => !isLog(line)));
  });

  test("--start goes on where what was applied last cannot be read", async () => {
    writeFleet(box, [agent("a")]);
    await apply();
    box.write(`${box.root}/state/iapeer/fleet.json`, "{");
    expect(rowOf(await apply("--start"), "a")).toMatchObject({ op: "update", status: "done", stage: "launch" });
  });

  test("--start checks the programs before anything is touched", async () => {
    writeFleet(box, [agent("a", { runtime: "gone" })]);
    box.write(`${box.root}/runtimes/gone/runtime.json`, JSON.stringify({ command: "/nowhere/gone", args: [] }));
    expect(rowOf(await apply("--start"), "a")).toMatchObject({ status: "failed", stage: "check", cause: "runtime" });
    expect(existsSync(`${box.root}/peers-profiles.json`)).toBe(false);
  });

  test("two at once: one after the other, and each birth once", async () => {
    const { told } = recordingSlot(box);
    writeFleet(
      box,
      Array.from({ length: 20 }, (_, index) => agent(`a${index}`)),
    );
    const both = await Promise.all([apply(), apply()]);
    expect(both.map(({ ok: isOk }) => isOk)).toEqual([true, true]);
    expect(told()).toHaveLength(20);
    expect(readRegistryFile(box).peers).toHaveLength(20);
  });

  test("beside an edit of the file: whoever comes second goes by the file as it is then", async () => {
    writeFleet(box, [agent("a"), agent("gone")]);
    await apply();
    for (let round = 0; round < 6; round += 1) {
      const name = `r${round}`;
      const [, added] = await Promise.all([apply("--prune"), fleet("add", name, "--class", "tester")]);
      expect(rowOf(added, name)).toMatchObject({ status: "done" });
      expect(valuesOf(readRegistryFile(box).peers as any[], "personality")).toContain(name);
      const [, removed] = await Promise.all([apply(), fleet("remove", name)]);
      expect(rowOf(removed, name)).toMatchObject({ status: "done" });
      expect(valuesOf(readRegistryFile(box).peers as any[], "personality")).not.toContain(name);
    }
  });

  test("one that is declared on another host now leaves this one with --prune, when it is not live", async () => {
    writeFleet(box, [agent("a")]);
    await apply("--start");
    writeFleet(box, [agent("a", { host: "h", ssh: "h" })]);
    expect(rowOf(await apply(), "a")).toMatchObject({
      status: "failed",
      cause: "conflict",
      message: expect.stringContaining("iapeer fleet apply --prune") as unknown,
    });
    expect(rowOf(await apply("--prune"), "a")).toMatchObject({ status: "failed", cause: "live" });
    await ok(box, "stop", "a");
    expect(rowOf(await apply("--prune"), "a")).toMatchObject({ op: "update", status: "done", message: "host" });
    expect(readRegistryFile(box).peers).toEqual([]);
    expect(appliedFleet()["agents"]).toMatchObject([{ name: "a", host: "h" }]);
  });

  test("a signal lets what has begun end, and tells of the rest", async () => {
    const command = box.script("slow", `[ -e '${box.folder}/go' ] || exec sleep 30`);
    box.slot({
      provider: "p",
      package: "@x/p",
      version: "1",
      provision: { command, args: [] },
      unprovision: { command, args: [] },
    });
    writeFleet(
      box,
      Array.from({ length: 6 }, (_, index) => agent(`a${index}`)),
    );
    const child = box.start(["fleet", "apply", "--jobs", "1", "--json"]);
    await until("the first is registered", () => existsSync(`${box.root}/peers-profiles.json`));
    child.kill("SIGINT");
    const { status, stdout } = await finish(child);
    expect(status).toBe(130);
    const { rows } = JSON.parse(stdout) as ApplyReport;
    expect(rows[0]).toMatchObject({ peer: "a0", status: "failed", cause: "interrupted", retryable: true });
    expect(rows.at(-1)).toMatchObject({ peer: "a5", status: "skipped", cause: "interrupted", retryable: true });
    box.write("go", "");
    expect(await apply()).toMatchObject({ ok: true });
  });

  test("who was being added when it was killed or broken off can be taken away again", async () => {
    const command = box.script("slow", "exec sleep 30");
    box.slot({ provider: "p", package: "@x/p", version: "1", provision: { command, args: [] } });
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      writeFleet(box, [agent("a")]);
      const child = box.start(["fleet", "apply"]);
      await until(
        "it is registered",
        () => existsSync(`${box.root}/peers-profiles.json`) && readRegistryFile(box).peers.length === 1,
      );
      child.kill(signal);
      await child.exited;
      expect(opsOf(await fleet("remove", "a"))).toEqual(["a remove done"]);
      expect(readRegistryFile(box).peers).toEqual([]);
    }
  });

  test("killed at any moment, the next one comes to the same end", async () => {
    const { told } = recordingSlot(box);
    const names = Array.from({ length: 12 }, (_, index) => `a${index}`);
    const declare = () =>
      writeFleet(
        box,
        names.map((name, index) =>
          agent(name, { runtime: index % 2 === 0 ? "claude" : "codex", working_directory: `../work/${name}` }),
        ),
      );
    declare();
    const started = performance.now();
    await apply();
    const wholeMs = performance.now() - started;
    const endState = () => ({
      peers: readRegistryFile(box).peers,
      // An apply that was killed may have recorded something, as a revision of its own.
      applied: { ...appliedFleet(), revision: 0 },
      cards: names.map((name) => readJson(`${box.folder}/work/${name}/.iapeer/peer-profile.json`)),
      memory: names.map(
        (name, index) =>
          readJson(`${box.root}/state/iapeer/lifecycle/${index % 2 === 0 ? "claude" : "codex"}-${name}.provision.json`)["state"],
      ),
    });
    const expected = endState();
    let midway = 0;
    const kills = soaked(20, 4);
    for (let round = 0; round < kills; round += 1) {
      await ok(box, "remove", ...names);
      const child = box.start(["fleet", "apply", "--jobs", "3"]);
      await Bun.sleep(((round + Math.random()) / kills) * wholeMs);
      child.kill("SIGKILL");
      await child.exited;
      const found = existsSync(`${box.root}/peers-profiles.json`) ? readRegistryFile(box).peers.length : 0;
      if (found > 0 && found < names.length) midway += 1;
      expect(await apply()).toMatchObject({ ok: true });
      expect(endState()).toEqual(expected);
    }
    expect(midway).toBeGreaterThanOrEqual(soaked(1, 0));
    for (const name of names)
      expect(told().filter((line) => line.includes(` ${name} `) && line.startsWith("provision")).length).toBeGreaterThanOrEqual(
        kills + 1,
      );
  });

  test.skipIf(!canRun("strace", "-f", "-qq", "-o", "/dev/null"))(
    "reads the registry and the memory slot no more often for many agents",
    async () => {
      recordingSlot(box);
      const names = Array.from({ length: 60 }, (_, index) => `a${index}`);
      writeFleet(
        box,
        names.map((name) => agent(name)),
      );
      const trace = join(box.folder, "trace");
      const argv = ["strace", "-qq", "-e", "trace=openat", "-o", trace, BINARY, "fleet", "apply"];
      const { env, folder } = box;
      const child = Bun.spawn(argv, { env, cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
      expect((await finish(child)).status).toBe(0);
      const opened = readFileSync(trace, "utf8").split("\n");
      const countOf = (file: string) => opened.filter((line) => line.includes(`/${file}", O_RDONLY`)).length;
      // Twice for each of the ten parts that they are registered in, and for the plan and the report.
      expect(countOf("peers-profiles.json")).toBeWithin(1, 25);
      expect(countOf("memory-provider.json")).toBeWithin(1, 3);
      expect(countOf("fleet.json")).toBeWithin(0, 4);
    },
    60_000,
  );

  test.skipIf(!canRun("strace", "-f", "-qq", "-o", "/dev/null"))(
    "killed at each rename in turn, it has registered whole parts of the agents, and the next one registers the rest",
    async () => {
      // Two are registered with each write of the registry.
      const names = Array.from({ length: 11 }, (_, index) => `a${String(index).padStart(2, "0")}`);
      const registered = () =>
        existsSync(`${box.root}/peers-profiles.json`) ? (valuesOf(readRegistryFile(box).peers, "personality") as string[]) : [];
      writeFleet(
        box,
        names.map((name) => agent(name)),
      );
      const midway = new Set<number>();
      for (let kills = 0; ; kills += 1) {
        for (const made of ["peers", "state", "peers-profiles.json", "peers-profiles.json.bak"])
          rmSync(join(box.root, made), { recursive: true, force: true });
        const inject = `inject=rename:signal=SIGKILL:when=${kills + 1}`;
        const argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, BINARY, "fleet", "apply", "--jobs", "1"];
        const { env, folder } = box;
        const child = Bun.spawn(argv, { env, cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
        if ((await finish(child)).status === 0) break;
        const found = registered();
        expect(found).toEqual(names.slice(0, found.length));
        expect(found.length % 2 === 0 || found.length === names.length).toBe(true);
        midway.add(found.length);
        expect(await apply()).toMatchObject({ ok: true, registry_revision: names.length });
        expect(registered()).toEqual(names);
      }
      expect([...midway].toSorted((a, b) => a - b)).toEqual([0, 2, 4, 6, 8, 10, 11]);
    },
    120_000,
  );

  test("with a full disk the rows say so, and what was applied before stays", async () => {
    writeFleet(box, [agent("a")]);
    await apply();
    const before = readFileSync(`${box.root}/state/iapeer/fleet.json`, "utf8");
    chmodSync(`${box.root}/fleet.yaml`, 0o600);
    writeFleet(box, [agent("a", { class: "tester" })]);
    const child = Bun.spawn(["unshare", "-m", fixture("apply-on-full-disk.sh"), BINARY], {
      env: box.env,
      cwd: box.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    expect((await finish(child)).status).toBe(1);
    expect(rowOf(readJson(`${box.folder}/report`) as unknown as ApplyReport, "a")).toMatchObject({
      status: "failed",
      stage: "record",
      cause: "io",
      retryable: true,
    });
    expect(readFileSync(`${box.folder}/after`, "utf8")).toBe(before);
  });

  test("what was applied and cannot be read is written anew, with a revision that no earlier one fits", async () => {
    writeFleet(box, [agent("a")]);
    await apply();
    const { revision, ...before } = appliedFleet();
    writeFileSync(`${box.root}/state/iapeer/fleet.json`, "{");
    expect(await apply()).toMatchObject({ ok: true });
    expect(appliedFleet()).toEqual({ ...before, revision: expect.any(Number) as number });
    expect(appliedFleet()["revision"]).toBeGreaterThan((revision as number) + 1000);
  });
});

describe("fleet add and fleet remove", () => {
  const TEXT = `# who is here
version: 1
agents:
  - name: boss   # the contact
    class: orchestrator
  - { name: eye, class: enhancer }
`;

  test("edit the file, leave every comment, and apply", async () => {
    const path = box.write(`${box.root}/fleet.yaml`, TEXT, 0o640);
    const added = await fleet(
      "add",
      "hand",
      "--class",
      "implementer",
      "--runtime",
      "codex",
      "--working-directory",
      "work/hand",
      "--model-hint",
      "m:high",
    );
    expect(opsOf(added)).toEqual(["boss add done", "eye add done", "hand add done"]);
    expect(readFileSync(path, "utf8")).toBe(
      `${TEXT}  - { name: hand, class: implementer, runtime: codex, model_hint: m:high, working_directory: ${box.folder}/work/hand }\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(opsOf(await fleet("remove", "hand"))).toEqual([
      "boss unchanged unchanged",
      "eye unchanged unchanged",
      "hand remove done",
    ]);
    expect(readFileSync(path, "utf8")).toBe(TEXT);
    expect(valuesOf(readRegistryFile(box).peers as any[], "personality")).toEqual(["boss", "eye"]);
  });

  test.each(["boss", "eye"])("the sole %s stays", async (name) => {
    box.write(`${box.root}/fleet.yaml`, TEXT);
    await apply();
    const before = snapshot();
    const finished = await box.iapeer("fleet", "remove", name, "--json");
    expect({ status: finished.status, code: errorLine(finished).code }).toEqual({ status: 4, code: "fleet-policy" });
    expect(snapshot()).toEqual(before);
  });

  test("an agent that cannot be added, or is live, leaves the file as it is", async () => {
    const path = box.write(`${box.root}/fleet.yaml`, TEXT);
    await ok(box, "add", "owner", "--cwd", "taken");
    const taken = await box.iapeer("fleet", "add", "hand", "--class", "tester", "--working-directory", "taken", "--json");
    expect({ status: taken.status, code: errorLine(taken).code }).toEqual({ status: 4, code: "folder-taken" });
    expect(readFileSync(path, "utf8")).toBe(TEXT);
    await ok(box, "fleet", "add", "hand", "--class", "tester", "--start");
    const withHand = readFileSync(path, "utf8");
    const live = await box.iapeer("fleet", "remove", "hand", "--json");
    expect({ status: live.status, code: errorLine(live).code }).toEqual({ status: 4, code: "peer-live" });
    expect(readFileSync(path, "utf8")).toBe(withHand);
    expect(opsOf(await fleet("remove", "hand", "--force"))).toContain("hand remove done");
    expect(readFileSync(path, "utf8")).toBe(TEXT);
  });

  test("mend what the policy wants, and say what they would break", async () => {
    const path = box.write(
      `${box.root}/fleet.yaml`,
      TEXT.replace("agents:", "policy: { orchestrators: 1, min_enhancers: 2 }\nagents:"),
    );
    expect(opsOf(await fleet("add", "eye2", "--class", "enhancer"))).toContain("eye2 add done");
    const before = readFileSync(path, "utf8");
    const second = await box.iapeer("fleet", "add", "boss2", "--class", "orchestrator", "--json");
    expect({ status: second.status, code: errorLine(second).code }).toEqual({ status: 4, code: "fleet-policy" });
    const unknown = await box.iapeer("fleet", "add", "x", "--class", "tester", "--runtime", "nope", "--json");
    expect({ status: unknown.status, code: errorLine(unknown).code }).toEqual({ status: 2, code: "fleet-invalid" });
    expect(errorLine(unknown).message).toContain('this host has no runtime "nope"');
    expect(readFileSync(path, "utf8")).toBe(before);
    expect((await ok(box, "fleet", "add", "y", "--class", "implementor")).stderr).toContain("did you mean implementer?");
    expect((await ok(box, "fleet", "remove", "y")).stderr).toBe("");
  });

  test("--start launches the one that comes, and nobody else", async () => {
    box.write(`${box.root}/fleet.yaml`, TEXT);
    await ok(box, "fleet", "add", "hand", "--class", "tester", "--start");
    expect(
      valuesOf(
        ((await box.json("list")) as PeerJson[]).flatMap(({ runtimes }) => runtimes),
        "status",
      ),
    ).toEqual(["asleep", "asleep", "live"]);
  });

  test("--dry-run touches nothing", async () => {
    box.write(`${box.root}/fleet.yaml`, TEXT);
    await apply();
    const before = snapshot();
    expect(opsOf(await fleet("add", "hand", "--class", "tester", "--dry-run")).at(-1)).toBe("hand add planned");
    expect(snapshot()).toEqual(before);
  });

  test("a removal that was killed after the file was edited goes on when it is run again", async () => {
    box.write(`${box.root}/fleet.yaml`, TEXT);
    await ok(box, "fleet", "add", "hand", "--class", "tester");
    box.write(`${box.root}/fleet.yaml`, TEXT);
    expect(opsOf(await fleet("remove", "hand"))).toContain("hand remove done");
    const never = await box.iapeer("fleet", "remove", "nobody", "--json");
    expect({ status: never.status, code: errorLine(never).code }).toEqual({ status: 3, code: "agent-not-found" });
  });

  test.each([
    [["fleet", "add", "x"], "--class"],
    [["fleet", "add", "x", "--class", "tester", "--host", "h"], "--ssh"],
    [["fleet", "add", "x", "--class", "tester", "--socket", "s"], "--socket"],
  ])("%j is no call: exit 2", async (args, named) => {
    box.write(`${box.root}/fleet.yaml`, TEXT);
    const { status, stderr } = await box.iapeer(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(named);
  });

  test("a link to a file in a repository stays a link", async () => {
    mkdirSync(`${box.folder}/repo`);
    const real = box.write("repo/team.yaml", TEXT);
    const link = `${box.folder}/team.yaml`;
    await Bun.$`ln -s ${real} ${link}`.quiet();
    await ok(box, "fleet", "add", "hand", "--class", "tester", "--file", link);
    expect(readFileSync(real, "utf8")).toContain("hand");
    expect(statSync(link).ino).toBe(statSync(real).ino);
    expect(await Bun.$`readlink ${link}`.text()).toBe(`${real}\n`);
  });
});
