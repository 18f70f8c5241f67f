// Many iapeer processes on one registry at once (contract 3).
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import pMap from "p-map";
import { errorLine, ok, readRegistryFile, valuesOf } from "../support/calls.ts";
import { soaked } from "../support/soak.ts";
import { type Finished, finish, openSandbox, type Sandbox } from "../support/sandbox.ts";

const names = (count: number) => Array.from({ length: count }, (_, n) => `p${String(n).padStart(3, "0")}`);
const people = (sandbox: Sandbox) => valuesOf(readRegistryFile(sandbox).peers, "personality");
const failures = (ends: readonly Finished[]) => ends.filter(({ status }) => status !== 0);

async function racers(sandbox: Sandbox, calls: readonly (readonly string[])[]): Promise<Finished[]> {
  return await Promise.all(calls.map(async (call) => await finish(sandbox.start(call))));
}

const ADDERS = soaked(200, 40);
const CHANGES = soaked(100, 10);
const KILLED = soaked(100, 20);

test(`${ADDERS} processes that add as many peers at once make a row each, and each exits 0`, async () => {
  using sandbox = openSandbox();
  sandbox.env["IAPEER_LOCK_TIMEOUT_MS"] = "100000";
  const ends = await racers(
    sandbox,
    names(ADDERS).map((name) => ["add", name, "--no-provision"]),
  );
  expect(failures(ends)).toEqual([]);
  expect(people(sandbox)).toEqual(names(ADDERS));
  expect(readRegistryFile(sandbox).revision).toBe(ADDERS);
  await ok(sandbox, "verify");
});

test(`8 writers of ${CHANGES} changes each, all at once, lose no change`, async () => {
  using sandbox = openSandbox();
  const writers = names(8);
  await Promise.all(
    writers.map(async (name) => {
      await ok(sandbox, "add", name, "--no-provision");
      for (let n = 1; n < CHANGES; n += 1) await ok(sandbox, "update", name, "--description", `change ${n}`);
    }),
  );
  const { revision, peers } = readRegistryFile(sandbox);
  expect(revision).toBe(8 * CHANGES);
  expect(valuesOf(peers, "personality")).toEqual(writers);
  expect(new Set(valuesOf(peers, "description"))).toEqual(new Set([`change ${CHANGES - 1}`]));
});

test(`${KILLED} writers, each killed at a moment of chance, leave a registry that reads, with every peer whose command had ended`, async () => {
  using sandbox = openSandbox();
  const lifeMs = await usualLife(sandbox);
  const lived = await pMap(
    names(KILLED),
    async (name) => {
      const child = sandbox.start(["add", name, "--no-provision"]);
      await Bun.sleep(Math.random() * lifeMs * 1.5);
      child.kill("SIGKILL");
      const { status, stderr } = await finish(child);
      if (status !== null && status !== 0) throw new Error(`${name}: exit ${status}: ${stderr}`);
      return status === 0 ? [name] : [];
    },
    { concurrency: 8 },
  );
  expect(lived.flat().length).toBeWithin(1, KILLED);
  const { status, stderr } = await sandbox.iapeerWith({ IAPEER_LOCK_TIMEOUT_MS: "0" }, "add", "last", "--no-provision");
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(people(sandbox)).toEqual(expect.arrayContaining([...lived.flat(), "last"]));
  expect(new Set(people(sandbox)).size).toBe(people(sandbox).length);
  expect(readdirSync(sandbox.root).filter((file) => file.endsWith(".tmp"))).toEqual([]);
});

/** How long an add takes among eight at once. */
async function usualLife(sandbox: Sandbox): Promise<number> {
  const startedMs = performance.now();
  expect(
    failures(
      await racers(
        sandbox,
        names(8).map((name) => ["add", `warm-${name}`, "--no-provision"]),
      ),
    ),
  ).toEqual([]);
  return performance.now() - startedMs;
}

test.each([
  { verb: "add", more: ["--no-provision"], isThere: false, steps: 1, left: 1 },
  { verb: "update", more: ["--description", "won"], isThere: true, steps: 1, left: 16 },
  { verb: "remove", more: [], isThere: true, steps: 2, left: 15 },
])(
  "of 16 processes that $verb with the same --if-revision exactly one wins",
  async ({ verb, more, isThere, steps, left }) => {
    using sandbox = openSandbox();
    const all = names(16);
    if (isThere) for (const name of all) await ok(sandbox, "add", name, "--no-provision");
    const revision = isThere ? readRegistryFile(sandbox).revision : 0;
    const ends = await racers(
      sandbox,
      all.map((name) => [verb, name, ...more, "--if-revision", `${revision}`, "--json"]),
    );
    const losers = failures(ends);
    expect(losers.length).toBe(15);
    for (const loser of losers) {
      expect(loser.status).toBe(4);
      expect(errorLine(loser)).toMatchObject({ code: "revision-conflict", details: { expected: revision } });
    }
    const after = readRegistryFile(sandbox);
    expect({ revision: after.revision, left: after.peers.length }).toEqual({ revision: revision + steps, left });
  },
  30_000,
);
