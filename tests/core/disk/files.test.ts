import { describe, expect, test } from "bun:test";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { readTail } from "../../../src/core/disk/files.ts";
import { errorOf, openScratch } from "../../support/scratch.ts";

describe("the end of a file", () => {
  test("is its last bytes, all of a short one, and nothing of a missing one; a FIFO has none", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("file"), "0123456789");
    expect(readTail(scratch.at("file"), 4)).toBe("6789");
    expect(readTail(scratch.at("file"), 400)).toBe("0123456789");
    expect(readTail(scratch.at("none"), 4)).toBe("");
    Bun.spawnSync(["mkfifo", scratch.at("fifo")]);
    expect(errorOf(() => readTail(scratch.at("fifo"), 4)).code).toBe("read-failed");
  });
});

test("reading the end leaves no descriptor open, whether it works or not", () => {
  using scratch = openScratch();
  writeFileSync(scratch.at("file"), "0123456789");
  mkdirSync(scratch.at("folder"));
  const next = () => openSync("/dev/null", "r");
  const first = next();
  for (let n = 0; n < 20; n += 1) {
    readTail(scratch.at("file"), 1);
    errorOf(() => readTail(scratch.at("folder"), 1));
  }
  // Another descriptor of Bun's own may come or go meanwhile.
  expect(next()).toBeLessThan(first + 10);
});
