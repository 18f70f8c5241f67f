import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { withLock } from "../../../src/core/disk/lock.ts";
import { outputOf, type Running, startFixture, startLockHolder } from "../../support/fixtures.ts";
import { until } from "../../support/sandbox.ts";
import { openScratch, rejectionOf, type Scratch } from "../../support/scratch.ts";

const PATIENT = { timeoutMs: 20_000 };
const HASTY = { timeoutMs: 100 };

let scratch: Scratch;
let lock: string;
const children: Running[] = [];
beforeEach(() => {
  scratch = openScratch();
  lock = scratch.at("lock");
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  scratch[Symbol.dispose]();
});

async function startHolder(): Promise<Running> {
  const script = await startLockHolder(lock);
  children.push(script);
  return script;
}

/** Holds it in this process until it is told to let go. */
async function holdHere(): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const done = withLock(lock, PATIENT, async () => {
    held.resolve();
    await end.promise;
  });
  await held.promise;
  return async () => {
    end.resolve();
    await done;
  };
}

describe("one at a time", () => {
  test("12 processes that each add 1 to a file 25 times come to 300", async () => {
    const counter = scratch.at("counter");
    writeFileSync(counter, "0");
    const adders = Array.from({ length: 12 }, () => startFixture("lock-adder.ts", [lock, counter]));
    children.push(...adders);
    await Promise.all(adders.map(outputOf));
    expect(readFileSync(counter, "utf8")).toBe("300");
  });

  test("callers inside one process have their turns one after another too, and each comes", async () => {
    let [inside, most, turns] = [0, 0, 0];
    const one = async () =>
      await withLock(lock, PATIENT, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await Bun.sleep(2);
        inside -= 1;
        turns += 1;
      });
    await Promise.all(Array.from({ length: 20 }, one));
    expect({ inside, most, turns }).toEqual({ inside: 0, most: 1, turns: 20 });
  });

  test("the work's result is handed on; work that throws lets go", async () => {
    expect(await withLock(lock, HASTY, () => 7)).toBe(7);
    const failing = withLock(lock, HASTY, () => Promise.reject(new Error("of the work")));
    expect(await failing.catch((error: unknown) => error)).toEqual(new Error("of the work"));
    expect(await withLock(lock, HASTY, () => 8)).toBe(8);
  });
});

describe("waiting", () => {
  test("ends with lock-busy when the time is over, and not before", async () => {
    await startHolder();
    const startedMs = performance.now();
    const error = await rejectionOf(withLock(lock, { timeoutMs: 300 }, () => "never"));
    expect(error).toMatchObject({ code: "lock-busy", exitStatus: 4, details: { path: lock } });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(295);
  });

  test("ends with interrupted when its signal says so, before or meanwhile", async () => {
    await startHolder();
    const controller = new AbortController();
    const waits = rejectionOf(withLock(lock, { ...PATIENT, signal: controller.signal }, () => "never"));
    controller.abort();
    expect(await waits).toMatchObject({ code: "interrupted" });
    const late = withLock(lock, { ...PATIENT, signal: controller.signal }, () => "never");
    expect(await rejectionOf(late)).toMatchObject({ code: "interrupted" });
  });

  test("that was given up gives the lock up again when it comes after all", async () => {
    const holder = await startHolder();
    await Promise.all(
      [1, 2, 3].map(async () =>
        expect(await rejectionOf(withLock(lock, HASTY, () => "never"))).toMatchObject({ code: "lock-busy" }),
      ),
    );
    await holder.stdin.end();
    expect(await withLock(lock, { timeoutMs: 5000 }, () => "ours")).toBe("ours");
    await until("the given-up waits let go", async () => await withLock(lock, HASTY, () => true));
  });

  test("that was given up does not keep its process alive", async () => {
    await startHolder();
    const waiter = startFixture("lock-loser.ts", [lock]);
    children.push(waiter);
    expect(await outputOf(waiter)).toBe("lock-busy\n");
  });

  test("leaves this process free to serve its timers", async () => {
    const holder = await startHolder();
    const taken = withLock(lock, PATIENT, () => "ours");
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    await until("the timer has run", () => ticks >= 20);
    clearInterval(timer);
    await holder.stdin.end();
    expect(await taken).toBe("ours");
  });

  test("ends when the holder is killed", async () => {
    const holder = await startHolder();
    const taken = withLock(lock, PATIENT, () => "ours");
    await rejectionOf(withLock(lock, HASTY, () => "never"));
    holder.kill("SIGKILL");
    expect(await taken).toBe("ours");
  });
});

describe("the lock file", () => {
  test("that is deleted while it is held guards nothing more: who waited goes on with the new file, together with newcomers", async () => {
    const letGo = await holdHere();
    const order: string[] = [];
    const waited = withLock(lock, PATIENT, () => order.push("waited"));
    await rejectionOf(withLock(lock, HASTY, () => "never"));
    unlinkSync(lock);
    const newcomer = await startHolder();
    await letGo();
    expect(await rejectionOf(withLock(lock, HASTY, () => "never"))).toMatchObject({ code: "lock-busy" });
    expect(order).toEqual([]);
    await newcomer.stdin.end();
    await waited;
    expect(order).toEqual(["waited"]);
  });

  test.each<[string, (path: string) => unknown, string, string]>([
    ["a link", (path) => symlinkSync("elsewhere", path), "state-untrusted", "is a symbolic link"],
    [
      "a link to a file",
      (path) => (writeFileSync(`${path}.real`, ""), symlinkSync(`${path}.real`, path)),
      "state-untrusted",
      "is a symbolic link",
    ],
    ["a folder", (path) => mkdirSync(path), "state-untrusted", "is a folder"],
    ["a FIFO", (path) => Bun.spawnSync(["mkfifo", path]), "state-untrusted", "is a FIFO"],
    ["in a folder that is not there", () => (lock = scratch.at("none", "lock")), "write-failed", "no such file or folder"],
  ])("that is %s is an error that names it", async (_, make, code, why) => {
    make(lock);
    let ran = false;
    const error = await rejectionOf(withLock(lock, PATIENT, () => (ran = true)));
    expect(error).toMatchObject({ code, details: { path: lock } });
    expect(error.message).toContain(lock);
    expect(error.message).toContain(why);
    expect(ran).toBe(false);
  });
});
