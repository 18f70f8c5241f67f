// Which lines of a screen that is drawn again and again are told.
import { expect, test } from "bun:test";
import { openSettled } from "../../../src/app/tail/settled.ts";

/** Looks at screens at these times, and the lines that are told at each. */
function follow(told: readonly string[], ...looks: readonly (readonly [at: number, ...lines: string[]])[]): string[][] {
  const settled = openSettled(told, 0);
  return looks.map(([at, ...lines]) => settled.take(lines, at));
}

test("a line is told once, when it has stood for a while", () => {
  expect(follow(["a"], [500, "a", "b"], [1000, "a", "b"], [2000, "a", "b"], [5000, "b", "a"])).toEqual([[], [], ["b"], []]);
});

test("a line that changes with each look is not told", () => {
  const looks = Array.from({ length: 10 }, (_, second): [number, string] => [second * 1000, `Working… (${second}s)`]);
  expect(follow([], ...looks).flat()).toEqual([]);
});

test("a second line of the same words is a line of its own, and blank lines are none", () => {
  expect(follow(["ok"], [0, "ok", "", "ok"], [2000, "ok", "", "ok"])).toEqual([[], ["ok"]]);
});

test("a screen that is cleared and drawn again tells nothing twice; a line that comes back later is new", () => {
  expect(follow(["a", "b"], [500], [1000, "a", "b"], [3000, "a", "b"])).toEqual([[], [], []]);
  expect(follow(["a"], [500], [4000], [4500, "a"], [6500, "a"])).toEqual([[], [], [], ["a"]]);
});

test("every line counts once nothing changes any more", () => {
  const settled = openSettled([], 0);
  expect(settled.take(["a", "b"], 0)).toEqual([]);
  expect(settled.isPending()).toBe(true);
  expect(settled.take(["a", "b"], 1, { isOver: true })).toEqual(["a", "b"]);
  expect(settled.isPending()).toBe(false);
});
