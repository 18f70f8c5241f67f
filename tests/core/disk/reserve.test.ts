import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { giveBack, reserveRoom, writeReserved } from "../../../src/core/disk/reserve.ts";
import { openScratch } from "../../support/scratch.ts";

describe("room that is reserved", () => {
  test("is a private file with blocks of its own", () => {
    using scratch = openScratch();
    reserveRoom(scratch.at("room"));
    const { mode, size, blocks } = statSync(scratch.at("room"));
    expect([mode & 0o777, size]).toEqual([0o600, 512]);
    expect(blocks).toBeGreaterThan(0);
  });

  test("becomes the file, the same inode, and its text alone is in it", () => {
    using scratch = openScratch();
    reserveRoom(scratch.at("room"));
    const { ino } = statSync(scratch.at("room"));
    writeFileSync(scratch.at("file"), "older");
    expect(writeReserved(scratch.at("room"), scratch.at("file"), "short\n")).toBe(true);
    expect([readFileSync(scratch.at("file"), "utf8"), statSync(scratch.at("file")).ino]).toEqual(["short\n", ino]);
    expect(existsSync(scratch.at("room"))).toBe(false);
  });

  test("is given back, and taken again", () => {
    using scratch = openScratch();
    reserveRoom(scratch.at("room"));
    writeReserved(scratch.at("room"), scratch.at("file"), "first\n");
    giveBack(scratch.at("file"), scratch.at("room"));
    giveBack(scratch.at("file"), scratch.at("room"));
    expect(existsSync(scratch.at("file"))).toBe(false);
    expect(writeReserved(scratch.at("room"), scratch.at("file"), "second and longer\n")).toBe(true);
    expect(readFileSync(scratch.at("file"), "utf8")).toBe("second and longer\n");
  });

  test("is a file itself where a file is written over in its place", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("file"), "a text that is longer\n");
    expect(writeReserved(scratch.at("file"), scratch.at("file"), "text\n")).toBe(true);
    expect(readFileSync(scratch.at("file"), "utf8")).toBe("text\n");
  });

  test.each<[string, (path: string) => unknown]>([
    ["nothing", () => undefined],
    ["a folder", (path) => mkdirSync(path)],
    ["a link", (path) => (writeFileSync(`${path}.real`, "precious"), symlinkSync(`${path}.real`, path))],
    ["a FIFO", (path) => Bun.spawnSync(["mkfifo", path])],
  ])("that is %s is none: nothing is written", (_, make) => {
    using scratch = openScratch();
    make(scratch.at("room"));
    expect(writeReserved(scratch.at("room"), scratch.at("file"), "text\n")).toBe(false);
    expect(existsSync(scratch.at("file"))).toBe(false);
    if (existsSync(scratch.at("room.real"))) expect(readFileSync(scratch.at("room.real"), "utf8")).toBe("precious");
  });
});
