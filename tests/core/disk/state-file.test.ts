import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { goodState, readState, type StateFile, stateOf, writeState } from "../../../src/core/disk/state-file.ts";
import { IapeerError } from "../../../src/model/errors.ts";
import { errorOf, openScratch, type Scratch } from "../../support/scratch.ts";

/** A state that is any JSON, and stands in its file in an envelope. */
const file: StateFile<{ readonly inner: unknown }> = {
  what: "the state",
  check: (json) =>
    typeof json === "object" && json !== null && "v" in json
      ? { ok: true, value: { inner: json.v } }
      : { ok: false, why: "has no v" },
  toJson: ({ inner }) => ({ v: inner }),
};

/** Without -0, which JSON writes as 0, and without the one key that is never read. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto")) as unknown);

describe("a state file", () => {
  test("reads as it was written, whatever JSON it holds", () => {
    using scratch = openScratch();
    fc.assert(
      fc.property(json, (inner) => {
        writeState(scratch.at("state"), { inner }, file);
        expect(stateOf(readState(scratch.at("state"), file))).toEqual({ inner });
      }),
    );
  });

  test("is private, in a folder that is private, with two spaces and a line end", () => {
    using scratch = openScratch();
    writeState(scratch.at("a", "b", "state"), { inner: [1] }, file);
    expect(readFileSync(scratch.at("a", "b", "state"), "utf8")).toBe('{\n  "v": [\n    1\n  ]\n}\n');
    expect(statSync(scratch.at("a", "b", "state")).mode & 0o777).toBe(0o600);
    expect(statSync(scratch.at("a")).mode & 0o777).toBe(0o700);
  });

  test("of any bytes is found or invalid, and reading it does not throw", () => {
    using scratch = openScratch();
    const text = '{"v": [1, "é", {}]}';
    const damaged = fc
      .tuple(fc.nat(text.length), fc.nat(5), fc.string({ maxLength: 4 }))
      .map(([at, cut, put]) => Buffer.from(text.slice(0, at) + put + text.slice(at + cut)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), damaged), (bytes) => {
        writeFileSync(scratch.at("state"), bytes, { mode: 0o600 });
        const reading = readState(scratch.at("state"), file);
        expect(["found", "invalid"]).toContain(reading.kind);
        if (reading.kind === "invalid") expect(reading.error.message).toStartWith(`the state ${scratch.at("state")} `);
        if (reading.kind === "found" || reading.kind === "invalid")
          expect(Buffer.from(reading.bytes)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 400 },
    );
  });
});

const CODED: StateFile<{ readonly inner: unknown }> = { ...file, unreadable: "profile-corrupt", insecure: "slot-insecure" };

const PLANTED: readonly (readonly [
  what: string,
  plant: (path: string, scratch: Scratch) => void,
  kind: string,
  why: string,
  code: string,
])[] = [
  ["a link", (path) => symlinkSync("elsewhere", path), "misplaced", "is a symbolic link", "profile-corrupt"],
  ["a folder", (path) => mkdirSync(path), "misplaced", "is a folder", "profile-corrupt"],
  ["a FIFO", (path) => void Bun.spawnSync(["mkfifo", "-m", "600", path]), "misplaced", "is a FIFO", "profile-corrupt"],
  ["a link to a device", (path) => symlinkSync("/dev/zero", path), "misplaced", "is a symbolic link", "profile-corrupt"],
  [
    "64 KiB and a byte",
    (path) => (writeFileSync(path, "", { mode: 0o600 }), truncateSync(path, 65_537)),
    "unreadable",
    "is 65537 bytes, more than the 65536",
    "profile-corrupt",
  ],
  [
    "a file that others may write",
    (path) => (writeFileSync(path, '{"v": 1}'), chmodSync(path, 0o622)),
    "insecure",
    "may be written by others",
    "slot-insecure",
  ],
  ["no JSON", (path) => writeFileSync(path, "{", { mode: 0o600 }), "invalid", "is not JSON", "profile-corrupt"],
  ["nothing in it", (path) => writeFileSync(path, "", { mode: 0o600 }), "invalid", "is empty", "profile-corrupt"],
  ["another JSON", (path) => writeFileSync(path, "[]", { mode: 0o600 }), "invalid", "has no v", "profile-corrupt"],
];

describe("what stands in a state file's place is told apart:", () => {
  test("nothing", () => {
    using scratch = openScratch();
    const reading = readState(scratch.at("state"), CODED);
    expect(reading).toEqual({ kind: "missing" });
    expect([stateOf(reading), goodState(reading)]).toEqual([undefined, undefined]);
  });

  test.each(PLANTED)("%s", (_, plant, kind, why, code) => {
    using scratch = openScratch();
    const path = scratch.at("state");
    plant(path, scratch);
    const reading = readState(path, CODED);
    expect(reading.kind).toBe(kind as never);
    expect(goodState(reading)).toBeUndefined();
    const error = errorOf(() => stateOf(reading));
    expect(error).toMatchObject({ code, details: { path } });
    expect(error.message).toContain(`the state ${path} ${why}`);
    const plain = readState(path, file);
    expect("error" in plain && plain.error.code).toBe("state-untrusted");
  });

  test("a kind of file may explain what it does not hold in its own words", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("state"), "[]", { mode: 0o600 });
    const own: typeof file = { ...file, explain: (path, why) => new IapeerError("runtime-invalid", `${why}: ${path}`) };
    expect(errorOf(() => stateOf(readState(scratch.at("state"), own)))).toMatchObject({
      code: "runtime-invalid",
      message: `has no v: ${scratch.at("state")}`,
    });
  });
});
