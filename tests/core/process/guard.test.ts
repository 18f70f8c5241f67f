import { expect, test } from "bun:test";
import { openGuard, parseReport, runGuard } from "../../../src/core/process/guard.ts";
import { isRunning, readProcess } from "../../../src/core/process/processes.ts";
import { newTokenFamily, tokenOf, underToken } from "../../../src/core/process/run-token.ts";
import { GUARD_ARGV, until } from "../../support/sandbox.ts";

const OPTIONS = { graceMs: 1000, killMs: 700 };

/** A command as a runner starts it. */
function start(family: bigint, run: number, ...argv: readonly string[]) {
  const child = underToken(tokenOf(family, run), () =>
    Bun.spawn([...argv], { detached: true, stdin: "ignore", stdout: "ignore", stderr: "ignore" }),
  );
  return { child, line: `started ${run} ${child.pid} ${readProcess(child.pid)!.start}` };
}

async function guard(family: bigint, ...lines: readonly string[]): Promise<void> {
  await runGuard(
    (async function* () {
      yield* lines;
    })(),
    { family, ...OPTIONS },
  );
}

test("when iapeer is gone, the runs that were not reported as over are ended, and no others", async () => {
  const family = newTokenFamily();
  const [running, over] = [start(family, 0, "/bin/sleep", "15"), start(family, 1, "/bin/sleep", "15")];
  await guard(family, running.line, over.line, "over 1");
  await running.child.exited;
  expect(running.child.signalCode).toBe("SIGTERM");
  expect(isRunning(readProcess(over.child.pid)!)).toBe(true);
  over.child.kill("SIGKILL");
});

test("a run that could not be reported any more is ended by its token", async () => {
  const family = newTokenFamily();
  const { child } = start(family, 7, "/bin/sleep", "15");
  await guard(family);
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
});

test("the runs of another iapeer are not this guard's, nor is a pid that is used again", async () => {
  const [family, other] = [newTokenFamily(), newTokenFamily()];
  const foreign = start(other, 0, "/bin/sleep", "15");
  await guard(family, `started 0 ${foreign.child.pid} 1`);
  expect(isRunning(readProcess(foreign.child.pid)!)).toBe(true);
  foreign.child.kill("SIGKILL");
});

test.each<[string, ReturnType<typeof parseReport>]>([
  ["started 3 4242 99", { run: 3, leader: { pid: 4242, start: "99" } }],
  ["started 3 4242 Mon Jan  1 10:00:00 2035", { run: 3, leader: { pid: 4242, start: "Mon Jan  1 10:00:00 2035" } }],
  ["over 3", { run: 3 }],
  ["over", undefined],
  ["started", undefined],
  ["started 3", undefined],
  ["started 3 4242", undefined],
  ["started 3 0 99", undefined],
  ["started 3 1 99", undefined],
  ["started 3 -5 99", undefined],
  ["started x 4242 99", undefined],
  ["over x", undefined],
  ["", undefined],
])("the line %p of a runner is taken for what it is", (line, report) => expect(parseReport(line)).toEqual(report as never));

test("a line that was cut short keeps the guard from nothing", async () => {
  const family = newTokenFamily();
  const { child, line } = start(family, 0, "/bin/sleep", "15");
  await guard(family, line, "started");
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
});

test("a guard ends by itself when its runner closes it, and says so", async () => {
  const guardian = openGuard({ argv: GUARD_ARGV, env: process.env }, newTokenFamily());
  expect(guardian.isGone()).toBe(false);
  guardian.close();
  await until("the guard is gone", () => guardian.isGone());
});

test("a guard that was killed says so, and being told of a run then is no error", async () => {
  const guardian = openGuard({ argv: ["/bin/sh", "-c", "exit 1"], env: process.env }, newTokenFamily());
  await until("the guard is gone", () => guardian.isGone());
  guardian.started(1, { pid: 5, start: "5" });
  guardian.over(1);
  guardian.close();
});

test("a program that is not there is an error at once", () => {
  expect(() => openGuard({ argv: ["/no/such/program"], env: process.env }, newTokenFamily())).toThrow("ENOENT");
});
