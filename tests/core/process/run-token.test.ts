import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { isOfFamily, newTokenFamily, readToken, tokenOf, underToken } from "../../../src/core/process/run-token.ts";

const family = fc.bigInt({ min: 1n << 39n, max: (1n << 40n) - 1n });
const run = fc.integer({ min: 0, max: 2 ** 20 - 1 });

test("a token belongs to its family and to no other, and no two runs of a family share one", () => {
  fc.assert(
    fc.property(family, family, run, run, (a, b, m, n) => {
      expect(isOfFamily(tokenOf(a, m), b)).toBe(a === b);
      expect(tokenOf(a, m) === tokenOf(a, n)).toBe(m === n);
    }),
  );
});

test("a token is a limit that the kernel takes: positive, and far from infinite", () => {
  for (let n = 0; n < 100; n += 1) {
    const made = newTokenFamily();
    expect(made >= 1n << 39n && made < 1n << 40n).toBe(true);
    expect(tokenOf(made, 2 ** 20 + 5)).toBe(tokenOf(made, 5));
  }
});

test.if(process.platform === "linux")(
  "children started under a token carry it through setsid and an empty environment; this process does not keep it",
  () => {
    const token = tokenOf(newTokenFamily(), 3);
    const before = readToken(process.pid);
    const script = "setsid env -i /bin/sh -c 'grep \"file locks\" /proc/self/limits'";
    const child = underToken(token, () => Bun.spawnSync(["/bin/sh", "-c", script], { timeout: 5000 }));
    expect(child.stdout.toString()).toContain(` ${token} `);
    expect(readToken(process.pid)).toBe(before);
  },
);

test("this process gives a token back when the start throws", () => {
  const before = readToken(process.pid);
  expect(() =>
    underToken(5n, () => {
      throw new Error("no start");
    }),
  ).toThrow("no start");
  expect(readToken(process.pid)).toBe(before);
});

test("a process that is not there has no token", () => {
  expect(readToken(2 ** 30)).toBeUndefined();
});
