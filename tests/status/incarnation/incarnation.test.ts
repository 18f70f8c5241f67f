import { expect, test } from "bun:test";
import { layoutFrom } from "../../../src/core/layout.ts";
import { mintIncarnation } from "../../../src/launch/session/session.ts";
import { readCurrent, saveIncarnation } from "../../../src/status/incarnation/incarnation.ts";
import { openScratch } from "../../support/scratch.ts";

test.each<[string, object, boolean]>([
  ["without a model", {}, true],
  ["with one", { model: "openai-codex/gpt-5.5:high" }, true],
  ["with something else in its place", { model: 7 }, false],
])("an incarnation %s is read as it was saved, or not at all", (_, more, isRead) => {
  using scratch = openScratch();
  const layout = layoutFrom({ IAPEER_ROOT: scratch.at("root") });
  const saved = { ...mintIncarnation(layout, "claude-bob", { now: new Date(0) }), ...more };
  saveIncarnation(layout, saved);
  expect(readCurrent(layout, "claude-bob")).toEqual(isRead ? saved : undefined);
});
