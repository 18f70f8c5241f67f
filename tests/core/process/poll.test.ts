import { expect, test } from "bun:test";
import { poll, until } from "../../../src/core/process/poll.ts";

test("a poll hands over what a look finds, and looks no more after that", async () => {
  let looks = 0;
  const found = await poll(() => (++looks === 3 ? "it" : undefined), { timeoutMs: 5000, everyMs: 1 });
  expect([found, looks]).toEqual(["it", 3]);
});

test("a poll looks once where there is no time, and finds nothing that comes later", async () => {
  let looks = 0;
  const found = await poll(() => void ++looks, { timeoutMs: -1 });
  expect([found, looks]).toEqual([undefined, 1]);
});

test("a poll looks once more when its time is up, however long its pause would be", async () => {
  const start = performance.now();
  let last = 0;
  const look = () => {
    last = performance.now();
    return undefined;
  };
  expect(await poll(look, { timeoutMs: 20, everyMs: 60_000 })).toBeUndefined();
  expect(last - start).toBeGreaterThanOrEqual(19);
});

test("a poll ends when its signal comes, and looks once where it came before", async () => {
  const abort = new AbortController();
  const ended = poll(() => undefined, { timeoutMs: 60_000, everyMs: 60_000, signal: abort.signal });
  abort.abort();
  expect(await ended).toBeUndefined();
  expect(await poll(() => "there", { timeoutMs: 60_000, signal: abort.signal })).toBe("there");
});

test("a look may take its time, and what it throws ends the poll", async () => {
  expect(await until(async () => await Promise.resolve(true), { timeoutMs: 5000 })).toBe(true);
  expect(await until(() => false, { timeoutMs: 0 })).toBe(false);
  const failing = until(() => Promise.reject(new Error("it broke")), { timeoutMs: 5000 });
  expect(failing).rejects.toThrow("it broke");
});
