import { describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { openSessionTail } from "../../src/status/session-tail.ts";
import { errorOf, openScratch } from "../support/scratch.ts";

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join("");
}

describe("the end of a log", () => {
  test.each([
    ["a short log", undefined, lines(0, 3), 2],
    ["a log and the one before it", lines(0, 5), lines(5, 7), 4],
    ["a log that was rotated just now", lines(0, 5), "", 4],
    ["a log that is not there yet, and the one before", lines(0, 5), undefined, 4],
    ["a line that was cut in two by a rotation", "one\ntw", "o\nthree", 2],
    ["a log of many looks", undefined, lines(0, 40_000), 30_000],
  ])("%s", (_, before, text, count) => {
    using scratch = openScratch();
    if (before !== undefined) writeFileSync(scratch.at("a.log.1"), before);
    if (text !== undefined) writeFileSync(scratch.at("a.log"), text);
    using log = openSessionTail(scratch.at("a.log"));
    const all = `${before ?? ""}${text ?? ""}`.split("\n");
    expect(
      log
        .readEnd(count)
        .split("\n")
        .slice(-count - 1),
    ).toEqual(all.slice(-count - 1));
  });

  test("of a large log little is read for a few lines", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("a.log"), lines(0, 100_000));
    using log = openSessionTail(scratch.at("a.log"));
    expect(log.readEnd(20).length).toBeLessThan(100_000);
  });

  test("is empty where there is none", () => {
    using scratch = openScratch();
    using log = openSessionTail(scratch.at("gone"));
    expect(log.readEnd(20) + log.readNew()).toBe("");
  });

  test("cannot be told where something else is in its place, or in that of the log before it", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("folder"));
    mkdirSync(scratch.at("short.1"));
    writeFileSync(scratch.at("short"), "one\n");
    expect(errorOf(() => openSessionTail(scratch.at("folder"))).code).toBe("log-untrusted");
    using log = openSessionTail(scratch.at("short"));
    expect(errorOf(() => log.readEnd(20)).code).toBe("log-untrusted");
  });
});

describe("what is new", () => {
  test("is what is written behind the end, a character in two pieces too", () => {
    using scratch = openScratch();
    const path = scratch.at("a.log");
    writeFileSync(path, "one\n");
    using log = openSessionTail(path);
    expect(log.readEnd(20)).toBe("one\n");
    expect(log.readNew()).toBe("");
    const two = Buffer.from("é\n");
    appendFileSync(path, two.subarray(0, 1));
    expect(log.readNew()).toBe("");
    appendFileSync(path, two.subarray(1));
    expect(log.readNew()).toBe("é\n");
  });

  test("is found in a log that is made later", () => {
    using scratch = openScratch();
    using log = openSessionTail(scratch.at("a.log"));
    expect(log.readEnd(20)).toBe("");
    writeFileSync(scratch.at("a.log"), "one\n");
    expect(log.readNew()).toBe("one\n");
  });

  test("is read to the end of the old log when it is rotated, then from the new one", () => {
    using scratch = openScratch();
    const path = scratch.at("a.log");
    writeFileSync(path, "one\n");
    using log = openSessionTail(path);
    log.readEnd(20);
    appendFileSync(path, "two\n");
    renameSync(path, `${path}.1`);
    expect(log.readNew()).toBe("two\n");
    expect(log.readNew()).toBe("");
    appendFileSync(`${path}.1`, "three\n");
    writeFileSync(path, "four\n");
    expect(log.readNew()).toBe("three\n");
    expect(log.readNew()).toBe("four\n");
    appendFileSync(path, "five\n");
    expect(log.readNew()).toBe("five\n");
  });

  test("begins anew in a log that was emptied, or removed and made again", () => {
    using scratch = openScratch();
    const path = scratch.at("a.log");
    writeFileSync(path, lines(0, 10));
    using log = openSessionTail(path);
    log.readEnd(20);
    truncateSync(path);
    appendFileSync(path, "short\n");
    expect(log.readNew()).toBe("short\n");
    rmSync(path);
    expect(log.readNew()).toBe("");
    writeFileSync(path, "again\n");
    expect(log.readNew()).toBe("again\n");
  });

  test("is everything that was written, in its order, whatever happens between two looks", () => {
    const step = fc.oneof(
      fc.constantFrom("look", "rotate"),
      fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => text.isWellFormed()),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        using scratch = openScratch();
        const path = scratch.at("a.log");
        writeFileSync(path, "");
        using log = openSessionTail(path);
        let written = "";
        let read = log.readEnd(20);
        for (const one of steps) {
          if (one === "look") read += log.readNew();
          else if (one === "rotate") {
            // Two rotations between two looks lose what was in between: a session does not print 5 MiB that fast.
            for (let looks = 0; looks < 3; looks += 1) read += log.readNew();
            renameSync(path, `${path}.1`);
            writeFileSync(path, "");
          } else {
            appendFileSync(path, one);
            written += one;
          }
        }
        for (let looks = 0; looks < 3; looks += 1) read += log.readNew();
        expect(read).toBe(written);
      }),
      { numRuns: 100 },
    );
  });
});
