import { expect, test } from "bun:test";
import { findFailure } from "../../scripts/demo/scenes.ts";

const scene = { type: "iapeer status", exit: 1, shows: [/^! claude-bob/m] };

test("a scene that exits and prints as it must has no failure", () => {
  expect(findFailure(scene, { status: 1, printed: "slot: x\n! claude-bob: look\n" })).toBeUndefined();
});

test("a scene that exits otherwise fails the demo", () => {
  expect(findFailure(scene, { status: 0, printed: "! claude-bob: look\n" })).toBe('"iapeer status" exited with 0, not 1');
});

test("a scene that prints something else fails the demo", () => {
  expect(findFailure(scene, { status: 1, printed: "all is well\n" })).toContain("printed nothing like");
});
