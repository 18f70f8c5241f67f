import { describe, expect, test } from "bun:test";
import { whyNotImport } from "../../scripts/lint/house.mjs";

describe("a file of src may import", () => {
  test.each([
    ["a floor below, by its door", "launch/end/end.ts", "registry/registry.ts"],
    ["the types of a room", "fleet/ps/row.ts", "status/deaths/types.ts"],
    ["a file of its own room", "launch/send/pane.ts", "launch/send/text.ts"],
    ["what stands above it in its own room", "fleet/file/check.ts", "fleet/types.ts"],
    ["a room that comes before its own", "launch/sleep/sleep.ts", "launch/send/send.ts"],
    ["a room of one file", "fleet/ps/ps.ts", "status/session-tail.ts"],
    ["any file of a shelf", "launch/end/end.ts", "core/process/signals.ts"],
  ])("%s", (_, from, to) => {
    expect(whyNotImport(from, to)).toBeUndefined();
  });
});

describe("a file of src may not import", () => {
  test.each([
    ["a floor above", "core/tmux.ts", "registry/registry.ts", "src/registry is above src/core"],
    ["a neighbour", "fleet/ps/ps.ts", "launch/send/send.ts", "src/fleet and src/launch are neighbours"],
    [
      "past a door",
      "app/send.ts",
      "launch/end/close-session.ts",
      "src/launch/end is entered by end.ts or types.ts, not by close-session.ts",
    ],
    [
      "a room that comes after its own",
      "launch/session/session.ts",
      "launch/end/end.ts",
      "in src/launch, end comes after session",
    ],
    [
      "a folder that nobody has placed",
      "launch/session/session.ts",
      "launch/attic/attic.ts",
      "src/launch/attic has no place in ORDER",
    ],
    ["a floor that nobody has placed", "attic/attic.ts", "core/tmux.ts", "src/attic has no place in FLOORS"],
  ])("%s", (_, from, to, why) => {
    expect(whyNotImport(from, to)).toStartWith(why);
  });
});
