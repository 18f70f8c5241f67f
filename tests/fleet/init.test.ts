import { expect, test } from "bun:test";
import { addAgent, removeAgent } from "../../src/fleet/edit/edit.ts";
import { createFleetFile, PROFILE_NAMES, renderProfile } from "../../src/fleet/init.ts";
import { readFleet } from "../../src/fleet/file/file.ts";
import { SURROUNDINGS } from "../support/fleet.ts";
import { errorOf, openScratch } from "../support/scratch.ts";

test.each(PROFILE_NAMES)("the profile %s is a commented fleet file without a single problem", (name) => {
  using scratch = openScratch();
  const path = scratch.at("deep", "fleet.yaml");
  const text = renderProfile(name, SURROUNDINGS);
  createFleetFile(path, text);
  const { fleet, problems } = readFleet(path, SURROUNDINGS);
  expect(problems).toEqual([]);
  const classes = fleet!.agents.map((one) => one.class);
  const isFloor = name !== "minimal" && name !== "canary";
  expect(fleet!.policy).toEqual(isFloor ? { orchestrators: 1, minEnhancers: 1 } : "none");
  if (isFloor) expect(classes.filter((one) => one === "orchestrator")).toHaveLength(1);
  if (isFloor) expect(classes).toContain("enhancer");
  const core = fleet!.agents.filter((one) => ["orchestrator", "enhancer"].includes(one.class));
  expect(core.map(({ isPersistent }) => isPersistent)).toEqual(core.map(() => true));
  expect(fleet!.agents.filter((one) => !core.includes(one)).map(({ isPersistent }) => isPersistent)).not.toContain(true);
  expect(core.filter(({ modelHint }) => modelHint !== undefined)).toEqual([]);
  // A comment above each agent, and some for the rest.
  expect((text.match(/^ *# /gm) ?? []).length).toBeGreaterThan(classes.length + 6);
});

test.each(PROFILE_NAMES)("the profile %s can be edited, and comes back byte for byte", (name) => {
  const text = renderProfile(name, SURROUNDINGS);
  expect(removeAgent(addAgent(text, { name: "more0", class: "tester" }), "more0")).toBe(text);
});

test("a profile that does not pass the check is a bug, and is not printed", () => {
  const error = errorOf(() => renderProfile("general", { ...SURROUNDINGS, hasRuntime: () => false }));
  expect(error).toMatchObject({ code: "bug", exitStatus: 70 });
});

test("a file that is there is not written over", () => {
  using scratch = openScratch();
  createFleetFile(scratch.at("fleet.yaml"), "mine");
  expect(errorOf(() => createFleetFile(scratch.at("fleet.yaml"), "yours"))).toMatchObject({
    code: "fleet-exists",
    exitStatus: 4,
  });
});
