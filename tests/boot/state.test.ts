import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { PLIST_MARK, renderMark } from "../../src/core/service/mark.ts";
import { renderPlist } from "../../src/core/service/plist.ts";
import { readBootUnits } from "../../src/boot/boot.ts";
import { openScratch, type Scratch } from "../support/scratch.ts";

function openHost(scratch: Scratch) {
  const folder = scratch.at(".config/systemd/user");
  const wants = `${folder}/iapeer-fleet.target.wants`;
  mkdirSync(wants, { recursive: true });
  const place = { home: scratch.path, env: { HOME: scratch.path, IAPEER_ROOT: scratch.at("root") }, platform: "linux" } as const;
  const unit = (name: string, root: string | null = place.env.IAPEER_ROOT) => {
    writeFileSync(`${folder}/${name}`, root === null ? "[Unit]\n" : `[Unit]\n[X-Iapeer]\nMark=${JSON.stringify({ root })}\n`);
    return { enable: () => symlinkSync(`${folder}/${name}`, `${wants}/${name}`), remove: () => rmSync(`${folder}/${name}`) };
  };
  return { place, unit, read: () => readBootUnits(place) };
}

describe("what starts at boot", () => {
  test("is nothing where no folder is", () => {
    const units = readBootUnits({ home: "/nowhere", env: { IAPEER_ROOT: "/nowhere/root" }, platform: "linux" });
    expect([units.installed !== undefined, units.unitOf("bob"), units.listAgents()]).toEqual([false, "absent", []]);
  });

  test("is told of each agent by its unit and its link", () => {
    using scratch = openScratch();
    const { unit, read } = openHost(scratch);
    unit("iapeer-fleet.target");
    unit("iapeer-agent-bob.service").enable();
    unit("iapeer-agent-eve.service");
    unit("iapeer-supervise.service");
    const units = read();
    expect([units.installed !== undefined, ...["bob", "eve", "gone"].map(units.unitOf)]).toEqual([
      true,
      "enabled",
      "disabled",
      "absent",
    ]);
    expect(units.listAgents()).toEqual(["bob", "eve"]);
  });

  test("does not count a link to a unit that is gone, but names its agent", () => {
    using scratch = openScratch();
    const { unit, read } = openHost(scratch);
    const bob = unit("iapeer-agent-bob.service");
    bob.enable();
    bob.remove();
    expect([read().unitOf("bob"), read().listAgents()]).toEqual(["absent", ["bob"]]);
  });

  test.each(["/another", null])("does not count what is another root's, or bears no mark: %s", (root) => {
    using scratch = openScratch();
    const { unit, read } = openHost(scratch);
    unit("iapeer-fleet.target", root);
    unit("iapeer-agent-bob.service", root).enable();
    unit("iapeer-agent-eve.service").enable();
    expect([read().installed !== undefined, read().unitOf("bob"), read().unitOf("eve"), read().listAgents()]).toEqual([
      false,
      "absent",
      "enabled",
      ["eve"],
    ]);
  });

  test("is on macOS what has a file", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("Library/LaunchAgents"), { recursive: true });
    writeFileSync(
      scratch.at("Library/LaunchAgents/com.iapeer.agent.bob.plist"),
      renderPlist({ [PLIST_MARK]: renderMark({ root: scratch.at("root") }) }),
    );
    const units = readBootUnits({ home: scratch.path, env: { IAPEER_ROOT: scratch.at("root") }, platform: "darwin" });
    expect([units.installed !== undefined, units.unitOf("bob"), units.unitOf("eve"), units.listAgents()]).toEqual([
      false,
      "enabled",
      "absent",
      ["bob"],
    ]);
  });
});
