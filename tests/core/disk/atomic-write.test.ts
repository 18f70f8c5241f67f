import { describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  type writeSync,
} from "node:fs";
import { wasWritten, writeAtomically, writeTogether } from "../../../src/core/disk/atomic-write.ts";
import { writeAll } from "../../../src/core/disk/files.ts";
import { readProcess } from "../../../src/core/process/processes.ts";
import { errorOf, openScratch } from "../../support/scratch.ts";
import { startFixture } from "../../support/fixtures.ts";

describe("a write that returns short", () => {
  test.each([1, 3, 7, 1000])("is looped until it is whole, at %d bytes a call", (most) => {
    const written: number[] = [];
    const write = ((_fd: number, bytes: Uint8Array, offset: number, length: number) => {
      const count = Math.min(most, length);
      written.push(...bytes.subarray(offset, offset + count));
      return count;
    }) as typeof writeSync;
    const text = Buffer.from("ein Satz mit Ümläuten und 😀", "utf8");
    writeAll(1, text, write);
    expect(Buffer.from(written).equals(text)).toBe(true);
  });
});

describe("a file that is written", () => {
  test("is replaced whole, 0600, and leaves nothing beside it", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("file"), "old", { mode: 0o644 });
    writeAtomically(scratch.at("file"), "new");
    expect(readFileSync(scratch.at("file"), "utf8")).toBe("new");
    expect(statSync(scratch.at("file")).mode & 0o7777).toBe(0o600);
    expect(readdirSync(scratch.path)).toEqual(["file"]);
  });

  test("gets the mode that is asked for, whatever the umask", () => {
    using scratch = openScratch();
    const before = process.umask(0o077);
    try {
      writeAtomically(scratch.at("file"), "x", { mode: 0o755 });
    } finally {
      process.umask(before);
    }
    expect(statSync(scratch.at("file")).mode & 0o7777).toBe(0o755);
  });

  test("takes the place of a link, and what the link led to stays", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("victim"), "precious");
    symlinkSync("victim", scratch.at("file"));
    writeAtomically(scratch.at("file"), "new");
    expect(lstatSync(scratch.at("file")).isFile()).toBe(true);
    expect(readFileSync(scratch.at("victim"), "utf8")).toBe("precious");
  });

  test("is as it was when the new one cannot be put in its place, and no temporary file stays", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("file", "inside"), { recursive: true });
    const error = errorOf(() => writeAtomically(scratch.at("file"), "new"));
    expect(error.code).toBe("write-failed");
    expect(error.message).toContain(scratch.at("file"));
    expect(wasWritten(error)).toBe(false);
    expect(readdirSync(scratch.path)).toEqual(["file"]);
  });

  test("in a folder that is not there is an error that names it", () => {
    using scratch = openScratch();
    const error = errorOf(() => writeAtomically(scratch.at("no", "file"), "new"));
    expect(error.message).toBe(`cannot write ${scratch.at("no", "file")}: no such file or folder (ENOENT)`);
  });
});

describe("several files written together", () => {
  test("are all replaced", () => {
    using scratch = openScratch();
    writeTogether([
      { path: scratch.at("a"), text: "1" },
      { path: scratch.at("b"), text: "2" },
    ]);
    expect([readFileSync(scratch.at("a"), "utf8"), readFileSync(scratch.at("b"), "utf8")]).toEqual(["1", "2"]);
    expect(readdirSync(scratch.path).toSorted()).toEqual(["a", "b"]);
  });

  test("are none of them replaced when one cannot be written", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("a"), "old");
    const error = errorOf(() =>
      writeTogether([
        { path: scratch.at("a"), text: "1" },
        { path: scratch.at("no", "b"), text: "2" },
      ]),
    );
    expect(error.message).toContain(scratch.at("no", "b"));
    expect(wasWritten(error)).toBe(false);
    expect(readFileSync(scratch.at("a"), "utf8")).toBe("old");
    expect(readdirSync(scratch.path)).toEqual(["a"]);
  });

  test("say that they are written when only the last of them could not be put in its place", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("b", "inside"), { recursive: true });
    const error = errorOf(() =>
      writeTogether([
        { path: scratch.at("a"), text: "1" },
        { path: scratch.at("b"), text: "2" },
      ]),
    );
    expect(wasWritten(error)).toBe(true);
    expect(readFileSync(scratch.at("a"), "utf8")).toBe("1");
    expect(readdirSync(scratch.path).toSorted()).toEqual(["a", "b"]);
  });
});

/** The name that a process gives to its temporary file. */
const temporary = (name: string, pid: number, start: string) => `.${name}.${pid}.${start}.0123456789abcdef.tmp`;

describe("temporary files", () => {
  test("have a fresh random name each, made exclusively: a link planted at an earlier one is never followed", async () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("victim"), "precious");
    const writer = startFixture(
      "atomic-writer.ts",
      [scratch.at("file")],
      ["strace", "-qq", "-e", "trace=openat", "-o", scratch.at("trace")],
    );
    const status = await writer.exited;
    if (status !== 0) return;
    const opened = readFileSync(scratch.at("trace"), "utf8")
      .split("\n")
      .filter((line) => line.includes(".tmp"));
    const names = new Set(opened.map((line) => /"([^"]+\.tmp)"/.exec(line)?.[1]));
    expect(names.size).toBe(20);
    for (const line of opened) expect(line).toMatch(/O_CREAT\|O_EXCL.*O_NOFOLLOW/);
    expect(readFileSync(scratch.at("victim"), "utf8")).toBe("precious");
  });

  test("of a process that is gone are taken away by the next write of that file, links not followed", () => {
    using scratch = openScratch();
    const child = Bun.spawnSync(["true"]);
    const gone = [
      temporary("file", child.pid, "1"),
      temporary("file", process.pid, "1"),
      temporary("file", 2 ** 31, "1"),
      temporary("file", 0, "1"),
    ];
    for (const name of gone) writeFileSync(scratch.at(name), "left over");
    writeFileSync(scratch.at("victim"), "precious");
    const planted = `.file.${child.pid}.1.fedcba9876543210.tmp`;
    symlinkSync("victim", scratch.at(planted));
    writeAtomically(scratch.at("file"), "new");
    expect(readdirSync(scratch.path).toSorted()).toEqual(["file", "victim"]);
    expect(readFileSync(scratch.at("victim"), "utf8")).toBe("precious");
  });

  test("of a living process stay, and so does what only looks alike", async () => {
    using scratch = openScratch();
    const child = Bun.spawn(["sleep", "30"]);
    try {
      const kept = [
        temporary("file", child.pid, readProcess(child.pid)!.start),
        ".file.1.1.tmp",
        "file.1.1.0123456789abcdef.tmp",
        ".file.x.1.0123456789abcdef.tmp",
      ];
      for (const name of kept) writeFileSync(scratch.at(name), "mine");
      writeAtomically(scratch.at("file"), "new");
      expect(readdirSync(scratch.path).toSorted()).toEqual([...kept, "file"].toSorted());
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

  test.skipIf(process.platform !== "linux")("of another PID namespace stay for an hour: their process may be at it", () => {
    using scratch = openScratch();
    const [young, old] = ["1@1", "2@1"].map((start) => temporary("file", 2 ** 30, start)) as [string, string];
    for (const name of [young, old]) writeFileSync(scratch.at(name), "theirs");
    const longAgo = Date.now() / 1000 - 2 * 60 * 60;
    utimesSync(scratch.at(old), longAgo, longAgo);
    writeAtomically(scratch.at("file"), "new");
    expect(readdirSync(scratch.path).toSorted()).toEqual([young, "file"].toSorted());
  });

  test("of a stopped process stay", async () => {
    using scratch = openScratch();
    const child = Bun.spawn(["sleep", "30"]);
    try {
      child.kill("SIGSTOP");
      const name = temporary("file", child.pid, readProcess(child.pid)!.start);
      writeFileSync(scratch.at(name), "mine");
      writeAtomically(scratch.at("file"), "new");
      expect(readdirSync(scratch.path).toSorted()).toEqual([name, "file"].toSorted());
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

  test("that cannot be taken away do not stop a write", () => {
    using scratch = openScratch();
    const name = temporary("file", 2 ** 31, "1");
    mkdirSync(scratch.at(name, "inside"), { recursive: true });
    writeAtomically(scratch.at("file"), "new");
    expect(readFileSync(scratch.at("file"), "utf8")).toBe("new");
  });
});
