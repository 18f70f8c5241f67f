// Too few file descriptors are an error with a name, and leave nothing half done.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { useBob } from "../support/bob.ts";
import { errorLine } from "../support/calls.ts";
import { canRun } from "../support/can-run.ts";
import { BINARY, finish, type Finished } from "../support/sandbox.ts";
import { processesOf } from "../support/session.ts";

const bob = useBob();

async function run(argv: readonly string[]): Promise<Finished> {
  const env = { ...bob.sandbox.env, BINARY };
  return await finish(Bun.spawn([...argv], { env, cwd: bob.sandbox.folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
}

const withLimit = async (limit: number, ...args: string[]) =>
  await run(["sh", "-c", `ulimit -n ${limit}; exec "$BINARY" "$@"`, "sh", ...args]);

const registry = () => readFileSync(join(bob.sandbox.root, "peers-profiles.json"), "utf8");

const CALLS = [
  "list",
  "add amy",
  "launch bob",
  "send bob -m hello",
  "stop bob",
  "supervise --once",
  "status",
  "deaths",
  "remove bob",
];

test.each(CALLS)("%s, where 14 files may be open", async (call) => {
  const args = call.split(" ");
  const before = registry();
  const finished = await withLimit(14, ...args, "--json");
  expect({ status: finished.status, stdout: finished.stdout }).toEqual({ status: 1, stdout: "" });
  const error = errorLine(finished);
  expect(error).toMatchObject({ code: "too-few-descriptors", details: { errno: "EMFILE" } });
  expect(error.message).toContain("out of file descriptors in this process");
  expect(error.hint).toContain("ulimit -n");
  expect(registry()).toBe(before);
  expect(existsSync(join(bob.sandbox.root, "peers/amy"))).toBe(false);
  expect(processesOf(bob.sandbox)).toEqual([]);
});

test("the smallest limits are told too, and help needs none", async () => {
  for (const limit of [5, 8, 40]) {
    const { status, stderr } = await withLimit(limit, "list");
    expect([limit, status, stderr]).toEqual([limit, 1, expect.stringContaining("out of file descriptors")]);
  }
  expect((await withLimit(14, "--help")).status).toBe(0);
  expect((await withLimit(96, "list")).status).toBe(0);
});

/** Has the N-th call of some kind fail in a launch, in the main process alone. */
async function launchFailing(call: string, at: number): Promise<Finished> {
  const inject = `inject=${call}:error=EMFILE:when=${at}+`;
  return await run(["strace", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject, BINARY, "launch", "bob", "--json"]);
}

test.skipIf(!canRun("strace", "-f", "-qq", "-o", "/dev/null"))(
  "a launch whose descriptors run out half-way leaves no half of a session, and no death",
  async () => {
    const codes = new Set<string>();
    for (const [call, at] of [
      ["socketpair", 1],
      ["socketpair", 5],
      ["socketpair", 7],
    ] as const) {
      const finished = await launchFailing(call, at);
      if (finished.status === 0) {
        await bob.sandbox.iapeer("stop", "bob");
        continue;
      }
      codes.add(errorLine({ ...finished, stderr: finished.stderr.trimEnd().split("\n").at(-1)! }).code);
      expect([finished.status, finished.signal]).toEqual([1, null]);
      expect(processesOf(bob.sandbox)).toEqual([]);
      expect((await bob.sandbox.json("list"))[0].runtimes[0].status).not.toBe("live");
    }
    expect([...codes]).toEqual(["too-few-descriptors"]);
    expect(bob.readLog("exits.log")).toEqual([]);
    expect((await bob.sandbox.json("launch", "bob")).action).toBe("launched");
    expect(
      readdirSync(join(bob.sandbox.root, "state/iapeer/lifecycle")).filter((name) => /\.[0-9a-f-]{36}$/.test(name)),
    ).toHaveLength(1);
  },
);
