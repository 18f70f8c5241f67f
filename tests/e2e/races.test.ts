// Two commands about the same peers at once: whichever comes first, the end is one that a person could have asked for.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { errorLine, ok, readRegistryFile, recordingSlot, valuesOf } from "../support/calls.ts";
import { startLockHolder } from "../support/fixtures.ts";
import { finish, openSandbox, until } from "../support/sandbox.ts";
import { prepareSessions, processesOf } from "../support/session.ts";

const ROUNDS = 12;

test("a removal beside an add of the same peer ends with the whole peer or with none", async () => {
  using sandbox = openSandbox();
  recordingSlot(sandbox);
  await ok(sandbox, "add", "other", "--no-provision");
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 0) await ok(sandbox, "add", "alpha", "--no-provision");
    else await ok(sandbox, "remove", "alpha");
    const add = sandbox.start(["add", "alpha", "--description", `round ${round}`, "--json"]);
    await Bun.sleep(Math.random() * 25);
    const remove = sandbox.start(["remove", "alpha", "--json"]);
    const [added, removed] = await Promise.all([finish(add), finish(remove)]);
    expect(removed).toMatchObject({ status: 0, stderr: "" });
    if (added.status !== 0) {
      expect(added.status).toBe(4);
      expect(errorLine(added).code).toBe("peer-being-removed");
    }
    const rows = readRegistryFile(sandbox).peers.filter(({ personality }) => personality === "alpha");
    if (added.status !== 0) expect(rows).toEqual([]);
    if (rows.length > 0) {
      expect(rows).toMatchObject([{ description: `round ${round}`, runtimes: ["claude"] }]);
      expect(rows[0]).not.toHaveProperty("removing");
    }
    await ok(sandbox, "verify");
  }
  expect(valuesOf(readRegistryFile(sandbox).peers, "personality")).toContain("other");
});

test("an add in the middle of a removal is refused, and works when the removal is done", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha", "--no-provision");
  const command = sandbox.script(
    "provider",
    `: >'${sandbox.folder}/begun'\nuntil [ -e '${sandbox.folder}/go' ]; do sleep 0.02; done`,
  );
  sandbox.slot({ provider: "p", package: "@x/p", version: "1.0.0", unprovision: { command, args: [] } });
  const remove = sandbox.start(["remove", "alpha"]);
  await until("the provider runs", () => existsSync(`${sandbox.folder}/begun`));
  const refused = await sandbox.iapeer("add", "alpha", "--no-provision", "--json");
  sandbox.write("go", "");
  expect(await finish(remove)).toMatchObject({ status: 0 });
  expect(refused).toMatchObject({ status: 4, stdout: "" });
  expect(errorLine(refused).code).toBe("peer-being-removed");
  await ok(sandbox, "add", "alpha", "--no-provision");
});

test("removals of the same peer at once all succeed, and one of them says that it removed it", async () => {
  using sandbox = openSandbox();
  for (let round = 0; round < 3; round += 1) {
    await ok(sandbox, "add", "alpha", "--no-provision");
    const children = Array.from({ length: 6 }, () => sandbox.start(["remove", "alpha", "--json"]));
    const ends = await Promise.all(children.map(finish));
    expect(ends.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 0]);
    const actions = ends.flatMap(({ stdout }) => valuesOf(JSON.parse(stdout) as Record<string, unknown>[], "action"));
    expect(actions).toContain("removed");
    expect(readRegistryFile(sandbox).peers).toEqual([]);
  }
});

test.each(["on", "off"])(
  "a sweep %s beside removals reaches every peer that stays, and none that goes comes back",
  async (direction) => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    const all = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const gone = all.slice(4);
    for (const name of all) await ok(sandbox, "add", name, "--no-provision");
    const sweep = sandbox.start(["memory-plugin", direction, "--all", "--jobs", "2", "--json"]);
    const removals = gone.map((name) => sandbox.start(["remove", name, "--json"]));
    for (const removal of removals) expect(await finish(removal)).toMatchObject({ status: 0, stderr: "" });
    const { status, stdout } = await finish(sweep);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect(valuesOf(readRegistryFile(sandbox).peers, "personality")).toEqual(all.slice(0, 4));
    const occasion = direction === "on" ? "provision sweep-on" : "unprovision off-all";
    for (const name of all.slice(0, 4))
      expect(told().filter((line) => line.startsWith(`${occasion} claude ${name} `)).length).toBe(1);
    // One that was being attached when it left is detached once more: the last word is always "unprovision".
    for (const name of gone) {
      expect(told().findLast((line) => line.includes(` claude ${name} `))).toStartWith("unprovision ");
      expect(existsSync(`${sandbox.root}/state/iapeer/lifecycle/claude-${name}.provision.json`)).toBe(false);
    }
    await ok(sandbox, "verify");
  },
  15_000,
);

function hasOpened(pid: number, path: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
    } catch {
      // Closed since it was listed.
      return false;
    }
  });
}

test.skipIf(process.platform !== "linux")("a launch that waits while its peer is removed launches nothing", async () => {
  using sandbox = openSandbox();
  prepareSessions(sandbox);
  await ok(sandbox, "add", "alpha");
  const lock = `${sandbox.root}/state/iapeer/lifecycle/claude-alpha.lock`;
  sandbox.write(lock, "");
  const holder = await startLockHolder(lock);
  const launch = sandbox.start(["launch", "alpha", "--json"]);
  await until("the launch waits for its lock", () => hasOpened(launch.pid, lock));
  const remove = sandbox.start(["remove", "alpha"]);
  await until("it is being removed", () => readRegistryFile(sandbox).peers.every((row) => row["removing"] !== undefined));
  void holder.stdin.end();
  const [launched, removed] = await Promise.all([finish(launch), finish(remove)]);
  expect(removed.status).toBe(0);
  expect(["peer-not-found", "peer-being-removed"]).toContain(errorLine(launched).code);
  expect(processesOf(sandbox)).toEqual([]);
});
