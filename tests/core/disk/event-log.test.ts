import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { appendEvent, parseEvents, rotationFrom } from "../../../src/core/disk/event-log.ts";
import { firstLine, outputOf, type Running, startFixture } from "../../support/fixtures.ts";
import { errorOf, openScratch, type Scratch } from "../../support/scratch.ts";

const ROOMY = { maxBytes: 1024 * 1024, keep: 5 };

let scratch: Scratch;
let path: string;
const children: Running[] = [];
beforeEach(() => {
  scratch = openScratch();
  path = scratch.at("lifecycle.log");
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  scratch[Symbol.dispose]();
});

const textOf = (file = path) => readFileSync(file, "utf8");
const linesOf = (file = path) => textOf(file).split("\n").slice(0, -1);
const files = () => readdirSync(scratch.path).toSorted();
const note = (ev: string, rotation = ROOMY) => appendEvent({ path, rotation }, { ev });

describe("an event", () => {
  test("is one line that begins with its moment in UTC, to the millisecond", () => {
    appendEvent({ path, rotation: ROOMY }, { ev: "launch", detail: "two\nlines" }, new Date("2024-02-29T23:59:59.007+02:00"));
    expect(textOf()).toBe('ts=2024-02-29T21:59:59.007Z ev=launch detail="two\\nlines"\n');
    note("stop");
    expect(linesOf()[1]).toMatch(/^ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ev=stop$/);
  });

  test("makes the log's folder when it is missing, for its owner alone", () => {
    const deep = scratch.at("logs", "iapeer", "lifecycle.log");
    appendEvent({ path: deep, rotation: ROOMY }, { ev: "launch" });
    expect(parseEvents(textOf(deep))).toMatchObject([{ ev: "launch" }]);
    expect([deep, scratch.at("logs", "iapeer"), scratch.at("logs")].map((at) => statSync(at).mode & 0o777)).toEqual([
      0o600, 0o700, 0o700,
    ]);
  });

  test.each([
    ["between two fields", "ts=2024-01-01T00:00:00.000Z ev=torn"],
    ["inside a quoted value", 'ts=2024-01-01T00:00:00.000Z ev=torn detail="half'],
  ])("after a line that was torn %s has a line of its own, and the torn one is not an event", (_, torn) => {
    writeFileSync(path, `ts=2024-01-01T00:00:00.000Z ev=first\n${torn}`);
    note("next");
    note("after");
    expect(parseEvents(textOf()).map(({ ev }) => ev)).toEqual(["first", "next", "after"]);
    expect(linesOf()[1]).toStartWith(torn);
    expect(linesOf()[2]).toMatch(/^ts=\S+ ev=next$/);
  });

  test.each<[string, () => unknown]>([
    ["a link", () => symlinkSync("elsewhere", path)],
    ["a link to a file", () => (writeFileSync(scratch.at("real"), ""), symlinkSync(scratch.at("real"), path))],
    ["a FIFO that nobody reads", () => Bun.spawnSync(["mkfifo", path])],
    ["a folder", () => mkdirSync(path)],
    ["below a file", () => (writeFileSync(scratch.at("file"), ""), (path = scratch.at("file", "log")))],
  ])("for a log that is %s is an error that names it", (_, make) => {
    make();
    expect(errorOf(() => note("launch"))).toMatchObject({ code: "write-failed", message: expect.stringContaining(path) });
    expect(existsSync(scratch.at("elsewhere"))).toBe(false);
  });
});

describe("rotation", () => {
  test("moves a full log aside before the next event, and keeps as many as it is told", () => {
    const rotation = { maxBytes: 1, keep: 3 };
    for (const ev of ["a", "b", "c", "d", "e", "f"]) note(ev, rotation);
    expect(files()).toEqual(["lifecycle.log", "lifecycle.log.1", "lifecycle.log.2", "lifecycle.log.3"]);
    expect(files().map((name) => parseEvents(textOf(scratch.at(name)))[0]!["ev"])).toEqual(["f", "e", "d", "c"]);
  });

  test("waits until the log is as big as the limit, to the byte", () => {
    note("first");
    const size = statSync(path).size;
    note("second", { maxBytes: size + 1, keep: 1 });
    expect(files()).toEqual(["lifecycle.log"]);
    note("third", { maxBytes: 2 * size + 1, keep: 1 });
    expect(files()).toEqual(["lifecycle.log", "lifecycle.log.1"]);
    expect([linesOf().length, linesOf(`${path}.1`).length]).toEqual([1, 2]);
  });

  test("12 processes that write 500 events each while it goes on lose none and tear none", async () => {
    const writers = Array.from({ length: 12 }, (_, writer) => startFixture("event-writer.ts", [path, String(writer)]));
    children.push(...writers);
    await Promise.all(writers.map(outputOf));
    expect(files().length).toBeGreaterThan(3);
    const lines = files().flatMap((name) => linesOf(scratch.at(name)));
    const events = files().flatMap((name) => parseEvents(textOf(scratch.at(name))));
    expect([lines.length, events.length]).toEqual([6000, 6000]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(6000);
    expect(events.every(({ id, detail }) => detail === "x y".repeat(Number(id!.split("-")[1]) % 40))).toBe(true);
  });

  test("a line that another writer has half written is waited for, and not taken for one that a crash cut short", async () => {
    const slow = startFixture("slow-event-writer.ts", [path, "halves"]);
    children.push(slow);
    expect(await firstLine(slow)).toBe("locked");
    const other = startFixture("event-writer.ts", [path, "1"]);
    children.push(other);
    // Only time shows that the other waits.
    await Bun.sleep(300);
    await slow.stdin.end();
    await outputOf(other);
    const lines = files().flatMap((name) => linesOf(scratch.at(name)));
    expect(lines).toContain("ts=2024-01-01T00:00:00.000Z ev=slow");
    expect(lines.filter((line) => line.includes("torn"))).toEqual([]);
  });

  test("is put off while a writer stands still in the middle of its write, and no line is lost", async () => {
    const rotation = { maxBytes: 1, keep: 1 };
    note("first");
    const slow = startFixture("slow-event-writer.ts", [path]);
    children.push(slow);
    expect(await firstLine(slow)).toBe("locked");
    slow.kill("SIGSTOP");
    for (const ev of ["second", "third"]) note(ev, rotation);
    expect(files()).toEqual(["lifecycle.log"]);
    slow.kill("SIGCONT");
    await slow.stdin.end();
    await slow.exited;
    note("last", rotation);
    expect(parseEvents(textOf(`${path}.1`)).map(({ ev }) => ev)).toEqual(["first", "second", "third", "slow"]);
    expect(parseEvents(textOf()).map(({ ev }) => ev)).toEqual(["last"]);
  });

  test("that cannot be done is an error, and the log stays", () => {
    note("first");
    mkdirSync(`${path}.1`);
    expect(errorOf(() => note("second", { maxBytes: 1, keep: 1 }))).toMatchObject({ code: "write-failed" });
    expect(linesOf().length).toBe(1);
  });

  test("by another process is waited for", async () => {
    const rotator = await startRotator();
    await rotator.stdin.end();
    note("second");
    expect(parseEvents(textOf()).map(({ ev }) => ev)).toEqual(["first", "second"]);
  });

  test("that stands still in another process is an error, until that process is gone", async () => {
    const rotator = await startRotator();
    rotator.kill("SIGSTOP");
    expect(errorOf(() => note("second"))).toMatchObject({ code: "write-failed", details: { path } });
    rotator.kill("SIGKILL");
    await rotator.exited;
    note("third");
    expect(parseEvents(textOf()).map(({ ev }) => ev)).toEqual(["first", "third"]);
  });
});

/** A process that holds the log as a rotation does; it ends 100 ms after its standard input. */
async function startRotator(): Promise<Running> {
  note("first");
  const rotator = startFixture("log-rotator.ts", [path]);
  children.push(rotator);
  expect(await firstLine(rotator)).toBe("locked");
  return rotator;
}

describe("the limits of the environment", () => {
  test.each([undefined, ""])("%p is no limit: 5 MiB and 5 kept", (text) => {
    const env = { IAPEER_LIFECYCLE_LOG_MAX_BYTES: text, IAPEER_LIFECYCLE_LOG_KEEP: text };
    expect(rotationFrom(env)).toEqual({ maxBytes: 5 * 1024 * 1024, keep: 5 });
  });

  test("a positive number is one", () => {
    expect(rotationFrom({ IAPEER_LIFECYCLE_LOG_MAX_BYTES: "4096", IAPEER_LIFECYCLE_LOG_KEEP: "2" })).toEqual({
      maxBytes: 4096,
      keep: 2,
    });
  });
});

test("what is no whole event is passed over when a log is read", () => {
  const text = [
    "ar of one",
    "ts=1 ev=a",
    "",
    "INFO something else",
    "ev=no-moment",
    'ts=2 ev="unended',
    "ts=3 ev=b torn",
    'ts=4 ev="c d"',
    "ts=5 ev=no-end",
  ].join("\n");
  expect(parseEvents(text)).toEqual([
    { ts: "1", ev: "a" },
    { ts: "4", ev: "c d" },
  ]);
  expect(parseEvents("")).toEqual([]);
});
