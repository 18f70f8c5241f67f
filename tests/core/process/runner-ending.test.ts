import { expect, test } from "bun:test";
import { createRunner } from "../../../src/core/process/runner.ts";
import { HARD_TREES, traceHardTree, traceTree } from "../../support/hard-trees.ts";
import { fixture } from "../../support/fixtures.ts";
import { BINARY, GUARD_ARGV, until } from "../../support/sandbox.ts";
import { openScratch } from "../../support/scratch.ts";

test.concurrent.each(Object.keys(HARD_TREES) as (keyof typeof HARD_TREES)[])(
  "nothing is left after a timeout of %s",
  async (title) => {
    using scratch = openScratch();
    const command = traceHardTree(scratch, title);
    const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
    try {
      const { outcome } = await runner.run({ argv: command.argv, folder: command.folder, timeoutMs: 1500 });
      expect(command.survivors()).toEqual([]);
      expect(outcome.state).toBe("timeout");
      expect(command.count()).toBeGreaterThanOrEqual(HARD_TREES[title].pids);
    } finally {
      runner.close();
    }
  },
  20_000,
);

test.concurrent.each(["a double fork with an empty environment", "one that ignores SIGTERM, as its child does"] as const)(
  "nothing is left after an interruption of %s",
  async (title) => {
    using scratch = openScratch();
    const command = traceHardTree(scratch, title);
    const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
    const abort = new AbortController();
    try {
      const running = runner.run({ argv: command.argv, folder: command.folder, timeoutMs: 60_000, signal: abort.signal });
      await until("it runs", () => command.count() >= HARD_TREES[title].pids);
      abort.abort();
      const { outcome } = await running;
      expect(command.survivors()).toEqual([]);
      expect(outcome.state).toBe("interrupted");
    } finally {
      runner.close();
    }
  },
  20_000,
);

test("nothing is left after a timeout in the middle of a storm of forks in sessions of their own", async () => {
  using scratch = openScratch();
  const command = traceTree(scratch, "storm.sh", "7");
  const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
  try {
    const { outcome } = await runner.run({ argv: command.argv, folder: command.folder, timeoutMs: 250 });
    expect(command.survivors()).toEqual([]);
    expect(command.count()).toBeGreaterThan(1);
    expect(outcome).toMatchObject({ state: "timeout", signal: "SIGKILL" });
  } finally {
    runner.close();
  }
});

test("a command that ends at SIGTERM is not killed", async () => {
  using scratch = openScratch();
  const command = traceTree(scratch, "ends-at-sigterm.sh");
  const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
  try {
    const { outcome } = await runner.run({ argv: command.argv, folder: command.folder, timeoutMs: 500 });
    expect(outcome).toMatchObject({
      state: "timeout",
      exitCode: 0,
      signal: null,
      detail: "still running after 0.5 s; ended with all it had started",
    });
    expect(command.survivors()).toEqual([]);
  } finally {
    runner.close();
  }
});

test("a command that is stopped is woken to take its SIGTERM", async () => {
  using scratch = openScratch();
  const command = traceHardTree(scratch, "one that stops itself");
  const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
  try {
    const { outcome } = await runner.run({ argv: command.argv, folder: command.folder, timeoutMs: 300 });
    expect(outcome).toMatchObject({ state: "timeout", signal: "SIGTERM" });
  } finally {
    runner.close();
  }
});

test("nothing is left after a timeout of an iapeer that itself runs a command", async () => {
  using scratch = openScratch();
  const command = traceTree(scratch, "runs-iapeer.sh", BINARY, fixture("trees/own-session.sh"));
  const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
  try {
    const { outcome } = await runner.run({ argv: command.argv, folder: command.folder, timeoutMs: 1500 });
    expect(command.count()).toBe(2);
    expect(command.survivors()).toEqual([]);
    expect(outcome.state).toBe("timeout");
  } finally {
    runner.close();
  }
});
