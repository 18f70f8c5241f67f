import { expect, test } from "bun:test";
import { type Bound, judge, median, takeTurns } from "../../scripts/bench/row.ts";

test.each<[string, Bound, number, boolean]>([
  ["a ratio at its bound", { kind: "ratio", most: 3 }, 3, true],
  ["a ratio over its bound", { kind: "ratio", most: 2.9 }, 3, false],
  ["a difference at its bound", { kind: "difference", most: 20 }, 20, true],
  ["a difference over its bound", { kind: "difference", most: 19 }, 20, false],
  ["a number at its own bound", { kind: "most", most: 30 }, 3, true],
  ["a number over its own bound", { kind: "most", most: 29 }, 3, false],
  ["a speedup under its bound", { kind: "speedup", least: 6 }, 1 / 3, false],
])("%s is judged", (_what, bound, value, isWithin) => {
  expect(judge(bound, { measured: 30, baseline: 10 })).toEqual({ value, isWithin });
});

test("the median of an even number of values is the middle of the two in the middle", () => {
  expect([median([9, 1, 5]), median([4, 1, 9, 2])]).toEqual([5, 3]);
});

test("both sides are measured as often, and take turns at being first", async () => {
  const order: string[] = [];
  const side = (name: string) => () => order.push(name);
  await takeTurns({ rounds: 2, measured: side("m"), baseline: side("b") });
  expect(order.join("")).toBe("mbbm");
});
