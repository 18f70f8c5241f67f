// The command for the real runtimes without a registry, and the sum of .ci/run. npm is a script here.
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PINS } from "../../scripts/runtimes/programs.ts";
import { finish, openSandbox, type Sandbox } from "../support/sandbox.ts";

const ROOT = join(import.meta.dir, "../..");

/** Runs a command with a script in npm's place. */
async function runWith(sandbox: Sandbox, npm: string, argv: readonly string[]) {
  sandbox.script("bin/npm", npm);
  const env = { ...sandbox.env, PATH: `${sandbox.folder}/bin:${sandbox.env["PATH"]}`, XDG_CACHE_HOME: `${sandbox.folder}/cache` };
  const end = await finish(Bun.spawn([...argv], { env, cwd: ROOT, stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
  const lines = end.stdout.trimEnd().split("\n");
  return { ...end, lines, last: lines.at(-1) };
}

const RUNTIMES = [process.execPath, "scripts/runtimes.ts"];

test("without the registry, the tests of the real runtimes are skipped, and the reason is said", async () => {
  using sandbox = openSandbox();
  const npm = 'echo "npm error code ENOTFOUND" >&2; echo "npm error network request failed" >&2; exit 1';
  const { status, last, lines } = await runWith(sandbox, npm, RUNTIMES);
  expect({ status, last }).toEqual({ status: 0, last: "0 passed, 0 failed, 4 skipped" });
  const { package: name, version } = PINS.claude;
  expect(lines).toContain(`claude is absent: ${name}@${version}: code ENOTFOUND; network request failed`);
  expect(readdirSync(join(sandbox.folder, "cache", "iapeer-runtimes"))).toEqual([]);
});

test("an installation that fails otherwise is a failure, and leaves nothing behind", async () => {
  using sandbox = openSandbox();
  const npm = 'mkdir -p node_modules/half; echo "npm error code ENOSPC" >&2; exit 1';
  const { status, last } = await runWith(sandbox, npm, [...RUNTIMES, "codex-sends"]);
  expect({ status, last }).toEqual({ status: 1, last: "0 passed, 1 failed" });
  expect(readdirSync(join(sandbox.folder, "cache", "iapeer-runtimes"))).toEqual([]);
});

test("a test file that does not exist is refused before anything is installed", async () => {
  using sandbox = openSandbox();
  const { status } = await runWith(sandbox, "exit 1", [...RUNTIMES, "nothing-like-it"]);
  expect(status).toBe(2);
  expect(existsSync(join(sandbox.folder, "cache", "iapeer-runtimes"))).toBe(false);
});

test.each([
  [
    "both pass",
    '[ "$3" = test ] && echo "12 passed, 0 failed, 3 skipped" || echo "5 passed, 0 failed"',
    "17 passed, 0 failed",
    0,
  ],
  [
    "the second fails",
    '[ "$3" = test ] && echo "12 passed, 0 failed" || { echo "4 passed, 1 failed"; exit 1; }',
    "16 passed, 1 failed",
    1,
  ],
  [
    "the first fails",
    '[ "$3" = test ] || { echo "5 passed, 0 failed"; exit 0; }; echo "1 passed, 2 failed"; exit 1',
    "6 passed, 2 failed",
    1,
  ],
  ["one ends without counts", '[ "$3" = test ] && echo "12 passed, 0 failed" || exit 3', "12 passed, 1 failed", 1],
])("CI runs both commands and adds their counts, when %s", async (_, npm, sum, wanted) => {
  using sandbox = openSandbox();
  const { status, last } = await runWith(sandbox, npm, [".ci/run"]);
  expect({ status, last }).toEqual({ status: wanted, last: sum });
});
