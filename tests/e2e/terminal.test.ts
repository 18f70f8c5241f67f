// The view of a person: the compiled program in a real terminal.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { ok } from "../support/calls.ts";
import { openSandbox, until } from "../support/sandbox.ts";
import { openTerminal } from "../support/terminal.ts";

const ESCAPE = "\u001b[";

test("colours on a terminal", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  using terminal = openTerminal(sandbox);
  await terminal.shows(/^\$/);
  terminal.type("iapeer list");
  await terminal.shows(/alpha[^]*\[exit 0\]/);
  expect(terminal.screen()).toContain(`${ESCAPE}1mPEER`);
  terminal.type("iapeer ad");
  await terminal.shows(/\[exit 2\]/);
  expect(terminal.screen()).toContain(`${ESCAPE}31merror:`);
});

test("no colours with NO_COLOR", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  using terminal = openTerminal(sandbox, { env: { NO_COLOR: "1" } });
  await terminal.shows(/^\$/);
  terminal.type("iapeer list; iapeer ad");
  await terminal.shows(/\[exit 2\]/);
  expect(terminal.screen()).not.toContain(ESCAPE);
});

test("a table fits a narrow terminal", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha", "--description", "说明".repeat(40));
  using terminal = openTerminal(sandbox, { columns: 60 });
  await terminal.shows(/^\$/);
  terminal.type("iapeer list");
  await terminal.shows(/\[exit 0\]/);
  const lines = Bun.stripANSI(terminal.screen()).trimEnd().split("\n");
  const row = lines.findIndex((line) => line.startsWith("alpha"));
  expect(lines[row]).toMatch(/^alpha {2}claude asleep {2}….* {2}说明.*…$/);
  expect(lines[row + 1]).toBe("[exit 0]");
});

test("memory-plugin draws a bar while it runs, and takes it away for the rows", async () => {
  using sandbox = openSandbox();
  const go = join(sandbox.folder, "go");
  for (const name of ["alpha", "beta"]) await ok(sandbox, "add", name);
  const wait = sandbox.script("wait", `[ "$1" = alpha ] || until [ -e '${go}' ]; do sleep 0.02; done`);
  sandbox.slot({ provider: "p", package: "p", version: "1", provision: { command: wait, args: ["{personality}"] } });
  using terminal = openTerminal(sandbox);
  await terminal.shows(/^\$/);
  terminal.type("iapeer memory-plugin on --all");
  await terminal.shows(/\[█{15}·{15}\] 1\/2/);
  sandbox.write(go, "");
  await terminal.shows(/2 of 2 done\n\[exit 0\]/);
  expect(terminal.screen()).not.toContain("█");
});

test("Ctrl-C ends running providers with what they started, reports what was done and what was not, and exits 130", async () => {
  using sandbox = openSandbox();
  const child = join(sandbox.folder, "child");
  for (const name of ["alpha", "beta", "gamma"]) await ok(sandbox, "add", name);
  const slow = sandbox.script(
    "slow",
    `[ "$1" = alpha ] && exit 0\nsetsid sleep 1000 &\necho $! >'${child}.new' && mv '${child}.new' '${child}'\nwait`,
  );
  sandbox.slot({ provider: "p", package: "p", version: "1", provision: { command: slow, args: ["{personality}"] } });
  using terminal = openTerminal(sandbox);
  await terminal.shows(/^\$/);
  terminal.type("iapeer memory-plugin on --all --jobs 1");
  await until("the second provider runs", () => existsSync(child));
  const started = readProcess(Number(readFileSync(child, "utf8")))!;
  terminal.key("C-c");
  await terminal.shows(/\[exit 130\]/);
  const screen = Bun.stripANSI(terminal.screen());
  expect(screen).toMatch(/alpha +claude +ok/);
  expect(screen).toMatch(/beta +claude +interrupted/);
  expect(screen).toMatch(/gamma +claude +not-run/);
  expect(screen).toContain("1 of 3 done");
  expect(isRunning(started)).toBe(false);
});
