import { afterEach, beforeEach, expect, test } from "bun:test";
import { createRunner, type Finished, type Runner } from "../../../src/core/process/runner.ts";
import { openStdinPipe, STDIN_BYTES } from "../../../src/core/process/stdin-pipe.ts";
import { GUARD_ARGV, until } from "../../support/sandbox.ts";

let runner: Runner;
beforeEach(() => {
  runner = createRunner({ argv: GUARD_ARGV, env: process.env });
});
afterEach(() => runner.close());

async function run(body: string, stdin: Uint8Array, timeoutMs = 10_000): Promise<Finished> {
  return await runner.run({ argv: ["/bin/sh", "-c", body], timeoutMs, stdin, stdoutBytes: 2 * STDIN_BYTES });
}

test("a command reads what it was given on stdin, byte for byte, and then its end", async () => {
  const text = "$(x) `y` ' \" \\ \u0000 é 😀\n".repeat(2000).slice(0, 40_000);
  const { outcome, stdout, stdinLeft } = await run("cat", Buffer.from(text));
  expect({ state: outcome.state, isSame: stdout === text, stdinLeft }).toEqual({ state: "ok", isSame: true, stdinLeft: 0 });
});

test("a pipe takes all that it may hold", async () => {
  const bytes = Buffer.alloc(STDIN_BYTES, "x");
  expect(await run("wc -c", bytes)).toMatchObject({ stdout: `${STDIN_BYTES}\n`, stdinLeft: 0 });
  expect(openStdinPipe(Buffer.alloc(STDIN_BYTES + 1))).toStartWith("what it is to read is 65537 bytes");
});

test("how much of it was never read is told, whether the command ended, failed or was ended", async () => {
  const bytes = Buffer.from("12345\n67890\n");
  expect(await run("exit 3", bytes)).toMatchObject({ outcome: { state: "failed", exitCode: 3 }, stdinLeft: 12 });
  // dash and bash read a line byte by byte.
  expect(await run("read -r line", bytes)).toMatchObject({ outcome: { state: "ok" }, stdinLeft: 6 });
  expect(await run("sleep 60", bytes, 200)).toMatchObject({ outcome: { state: "timeout" }, stdinLeft: 12 });
  const { outcome, stdinLeft } = await runner.run({ argv: ["/nowhere/x"], timeoutMs: 1000, stdin: bytes });
  expect({ state: outcome.state, stdinLeft }).toEqual({ state: "not-executable", stdinLeft: 12 });
});

test("a run leaves no descriptor behind, and gives none of the pipe to the command but its stdin", async () => {
  const open = () => [...new Bun.Glob("*").scanSync({ cwd: "/proc/self/fd", onlyFiles: false, followSymlinks: false })].length;
  await run("cat", Buffer.from("warm up"));
  const before = open();
  for (let n = 0; n < 20; n += 1) await run("cat >/dev/null; exit 1", Buffer.from("x"));
  await until("their descriptors are closed", () => open() <= before);
  const { stdout } = await run("ls /proc/self/fd", Buffer.from("x"));
  expect(stdout.trim().split("\n")).toEqual(["0", "1", "2", "3"]);
});

test("stderr is kept, its end where it is long", async () => {
  const { stderr } = await run("printf 'first\\n' >&2; yes | head -c 20000 >&2; printf 'last\\n' >&2", Buffer.from(""));
  expect(stderr).toEndWith("y\nlast\n");
  expect(stderr).toHaveLength(16_384);
});
