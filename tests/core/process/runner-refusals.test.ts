import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import type { Outcome } from "../../../src/core/process/command.ts";
import { createRunner, type Runner, whyNotFolder } from "../../../src/core/process/runner.ts";
import { GUARD_ARGV } from "../../support/sandbox.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";
import { writeProgram, writeScript } from "../../support/script-file.ts";

let scratch: Scratch;
let runner: Runner;
beforeAll(() => {
  scratch = openScratch();
  runner = createRunner({ argv: GUARD_ARGV, env: process.env });
});
afterAll(() => {
  runner.close();
  scratch[Symbol.dispose]();
});

async function run(...argv: readonly string[]): Promise<Outcome> {
  return (await runner.run({ argv, timeoutMs: 5000 })).outcome;
}

/** The effect that each command would have in a shell. */
const sideEffect = () => scratch.at("side-effect");
const touch = () => `touch '${sideEffect()}'\n`;

test.each<[string, () => string, string]>([
  ["a file that is not there", () => scratch.at("gone"), "gone does not exist"],
  ["a folder with x-bit", () => (mkdirSync(scratch.at("folder")), scratch.at("folder")), "folder is a folder"],
  [
    "a FIFO",
    () => (Bun.spawnSync(["mkfifo", "-m", "755", scratch.at("fifo")]), scratch.at("fifo")),
    "fifo is a FIFO, not a program",
  ],
  [
    "a script without x-bit",
    () => writeProgram(scratch.at("no-x"), `#!/bin/sh\n${touch()}`, 0o644),
    "no-x is not executable for this user (permission denied)",
  ],
  ["a script without shebang", () => writeProgram(scratch.at("bare"), touch()), "bare is in no format that this system runs"],
  ["an empty file", () => writeProgram(scratch.at("empty"), ""), "empty is empty"],
  [
    "garbage",
    () => writeProgram(scratch.at("garbage"), `\u0001\u0002\n${touch()}`),
    "garbage is in no format that this system runs",
  ],
  [
    "the head of an ELF file",
    () => writeProgram(scratch.at("elf"), `\u007fELF\n${touch()}`),
    "elf is in no format that this system runs",
  ],
  [
    "a missing interpreter",
    () => writeProgram(scratch.at("lost"), `#!/opt/no/such/interpreter -x\n${touch()}`),
    '"/opt/no/such/interpreter", which does not exist',
  ],
  [
    "a CRLF shebang",
    () => writeProgram(scratch.at("crlf"), `#!/bin/sh\r\n${touch()}`),
    'the interpreter "/bin/sh\\r": its first line ends in CRLF',
  ],
  [
    "a CRLF shebang with env",
    () => writeProgram(scratch.at("crlf-env"), `#!/usr/bin/env sh\r\n${touch()}`),
    'the interpreter "sh\\r": its first line ends in CRLF',
  ],
  [
    "an interpreter that env does not find",
    () => writeProgram(scratch.at("lost-env"), `#!/usr/bin/env no-such-python\n${touch()}`),
    '"no-such-python", which is not on PATH',
  ],
  ["a shebang that names nothing", () => writeProgram(scratch.at("nameless"), `#!\n${touch()}`), "which is not named"],
  ["a folder as interpreter", () => writeProgram(scratch.at("in-folder"), `#!/tmp\n${touch()}`), '"/tmp", which is a folder'],
  [
    "an interpreter without x-bit",
    () => writeProgram(scratch.at("in-data"), `#!${writeProgram(scratch.at("data"), "x", 0o644)}\n`),
    "which is not executable",
  ],
  [
    "a link loop",
    () => (symlinkSync(scratch.at("loop"), scratch.at("loop")), scratch.at("loop")),
    "loop cannot be run: too many symbolic links (ELOOP)",
  ],
  [
    "a setuid script",
    () => writeProgram(scratch.at("setuid"), `#!/bin/sh\n${touch()}`, 0o4755),
    "setuid is setuid or setgid; iapeer does not run such a program",
  ],
  ["a setgid script", () => writeProgram(scratch.at("setgid"), `#!/bin/sh\n${touch()}`, 0o2755), "setgid is setuid or setgid"],
  [
    "a path through a file",
    () => `${writeProgram(scratch.at("file"), "x")}/program`,
    "a part of the path is not a folder (ENOTDIR)",
  ],
  ["a device", () => "/dev/null", "/dev/null is not a regular file"],
])("%s is not executable, in words of its own, and never handed to a shell", async (_, make, words) => {
  const outcome = await run(make());
  expect(outcome).toMatchObject({ state: "not-executable", exitCode: null, signal: null });
  expect(outcome.detail).toContain(words);
  expect(existsSync(sideEffect())).toBe(false);
});

test.each<[string, string, string]>([
  ["NUL", "a\0b", 'argument 1 holds a NUL character: "a\\u0000b"'],
  ["half of a UTF-16 pair", "a\ud800", "argument 1 holds half of a UTF-16 pair"],
  ["128 kB", "x".repeat(131_072), "argument 1 is 131072 bytes, longer than the 131071 that the kernel takes (E2BIG)"],
  ["128 kB in fewer characters", "é".repeat(65_536), "argument 1 is 131072 bytes"],
])("an argument of %s is refused and named", async (_, argument, words) => {
  const outcome = await run("/bin/true", argument);
  expect(outcome.state).toBe("not-executable");
  expect(outcome.detail).toContain(words);
});

test("the longest argument that the kernel takes is handed over", async () => {
  const script = writeScript(scratch.at("length"), `[ \${#1} = 131071 ]`);
  expect((await run(script, "x".repeat(131_071))).state).toBe("ok");
});

test("3 MB of arguments are too many for the kernel, and the outcome says so plainly", async () => {
  const outcome = await run("/bin/true", ...Array.from({ length: 30 }, () => "x".repeat(100_000)));
  expect(outcome.state).toBe("not-executable");
  expect(outcome.detail).toBe("/bin/true was given more arguments and environment than the kernel takes (E2BIG)");
});

test.each<[string, () => string, string]>([
  ["missing", () => scratch.at("no-folder"), "the working folder FOLDER does not exist"],
  ["a file", () => (writeFileSync(scratch.at("a-file"), ""), scratch.at("a-file")), "the working folder FOLDER is not a folder"],
  [
    "below a file",
    () => (writeFileSync(scratch.at("file-above"), ""), scratch.at("file-above", "x")),
    "the working folder FOLDER cannot be used: a part of the path is not a folder (ENOTDIR)",
  ],
  [
    "a link loop",
    () => (symlinkSync(scratch.at("round"), scratch.at("round")), scratch.at("round")),
    "the working folder FOLDER cannot be used: too many symbolic links (ELOOP)",
  ],
  [
    "a name that is too long",
    () => scratch.at("n".repeat(300)),
    "the working folder FOLDER cannot be used: the path is too long (ENAMETOOLONG)",
  ],
])("a working folder that is %s is named as the fault, and not the command", async (_, make, words) => {
  const folder = make();
  const { outcome } = await runner.run({ argv: ["/bin/true"], timeoutMs: 5000, folder });
  expect(outcome).toMatchObject({ state: "not-executable", detail: words.replace("FOLDER", folder) });
});

test("a working folder with a NUL in its name is refused without a throw", () => {
  expect(whyNotFolder("/tmp/a\0b")).toBe('the working folder "/tmp/a\\u0000b" holds a NUL character');
});

test("a program that is being written is tried again for a bounded time, and then an error", async () => {
  const script = writeScript(scratch.at("busy"), "exit 0");
  const writer = openSync(script, "r+");
  try {
    expect(await run(script)).toMatchObject({
      state: "not-executable",
      detail: `${script} is being written by another process (text file busy)`,
    });
  } finally {
    closeSync(writer);
  }
});

test("a program that stops being written in time runs", async () => {
  const script = writeScript(scratch.at("busy-for-a-moment"), "exit 0");
  const writer = openSync(script, "r+");
  const running = run(script);
  // A refused attempt leaves no trace: only time can tell that there was one.
  setTimeout(() => closeSync(writer), 150);
  expect((await running).state).toBe("ok");
});

test("a program that may be run but not read runs", async () => {
  const program = writeProgram(scratch.at("true"), await Bun.file("/bin/true").bytes());
  chmodSync(program, 0o111);
  expect((await run(program)).state).toBe("ok");
});

test("a command is not started when nobody would end it if iapeer were killed", async () => {
  const unguarded = createRunner({ argv: [scratch.at("no-guard")], env: process.env });
  const script = writeScript(scratch.at("unguarded"), touch());
  const { outcome } = await unguarded.run({ argv: [script], timeoutMs: 1000 });
  expect(outcome).toMatchObject({
    state: "not-executable",
    detail: expect.stringContaining("iapeer cannot start its guard: no such file or folder (ENOENT)") as unknown,
  });
  expect(existsSync(sideEffect())).toBe(false);
});

test("a command is not started once iapeer was interrupted", async () => {
  const script = writeScript(scratch.at("late"), touch());
  const { outcome } = await runner.run({ argv: [script], timeoutMs: 1000, signal: AbortSignal.abort() });
  expect(outcome).toMatchObject({ state: "interrupted", exitCode: null, signal: null });
  expect(existsSync(sideEffect())).toBe(false);
});
