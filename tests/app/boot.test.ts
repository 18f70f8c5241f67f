import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freshBoot, openBoot, readBootAgents, syncBoot } from "../../src/app/boot.ts";
import { installBootUnits, readBootUnits, removeBootUnits, syncBootUnits } from "../../src/boot/boot.ts";
import type { Boot } from "../../src/boot/types.ts";
import { readRegistry } from "../../src/registry/registry.ts";
import { openTold } from "../support/app.ts";
import { applyAgents } from "../support/applied-fleet.ts";
import { ok } from "../support/calls.ts";
import { type FakeSystemd, feignSystemd, readUnits } from "../support/fake-systemd.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

let box: Sandbox;
let systemd: FakeSystemd;
beforeEach(() => {
  box = openSandbox();
  systemd = feignSystemd(box);
});
afterEach(() => box[Symbol.dispose]());

const BOB = { name: "bob", runtime: "claude" };
const appWith = (env: Record<string, string> = {}) => openTold(box, { env, self: ["/opt/iapeer"] }).app;
const put = async (agent: typeof BOB, boot: Boot) => (await syncBootUnits([agent], boot)).map(({ op }) => op);
const take = async (boot: Boot) => (await removeBootUnits(["bob"], boot)).map(({ op }) => op);
const textOf = (unit: string) => readFileSync(join(box.home, ".config/systemd/user", unit), "utf8");

describe.skipIf(process.platform !== "linux")("the units of agents", () => {
  test("are made with the environment that fleet install wrote down, whoever applies", async () => {
    const installed = freshBoot(appWith({ PATH: `${box.env["PATH"]}:/installed` }));
    await installBootUnits([], installed);
    const later = appWith({ PATH: `${box.env["PATH"]}:/later`, TMUX_TMPDIR: "/later" });
    expect(openBoot(later).environment).toEqual(installed.environment);
    expect(await put(BOB, openBoot(later))).toEqual(["add"]);
    expect(textOf("iapeer-agent-bob.service")).toContain(":/installed");
    expect(textOf("iapeer-agent-bob.service")).not.toContain("/later");
    expect(freshBoot(later).environment).toMatchObject({ TMUX_TMPDIR: "/later" });
  });

  test("run the program that fleet install was, whichever applies, as long as it is there", async () => {
    const appOf = (name: string) => ({ ...appWith(), self: [box.script(name, "exit 0")] as const });
    const [installed, other] = [appOf("installed"), appOf("other")];
    await installBootUnits([], freshBoot(installed));
    expect(openBoot(other).program).toEqual(installed.self);
    rmSync(installed.self[0]);
    expect(openBoot(other).program).toEqual(other.self);
  });

  test("are put and taken, each with its own answer, and a second time nothing is done", async () => {
    const boot = openBoot(appWith());
    expect([await put(BOB, boot), await put(BOB, boot)]).toEqual([["add"], ["unchanged"]]);
    expect(systemd.asked()).toEqual(["daemon-reload", "enable iapeer-agent-bob.service"]);
    expect(await put({ ...BOB, runtime: "codex" }, boot)).toEqual(["update"]);
    expect(systemd.asked()).toEqual(["daemon-reload"]);
    expect([await take(boot), await take(boot)]).toEqual([["remove"], []]);
    expect(systemd.asked()).toEqual(["disable iapeer-agent-bob.service", "daemon-reload"]);
    expect(readUnits(box)).toEqual({});
  });

  test("of a peer that is removed while they are written do not come back", async () => {
    const app = appWith();
    const before = { agents: [BOB], unregistered: [], isApplied: true };
    expect((await syncBoot(before, openBoot(app), () => readRegistry(app.layout))).map(({ op }) => op)).toEqual([
      "add",
      "remove",
    ]);
    expect(readUnits(box)).toEqual({});
  });

  test("that somebody disabled are enabled again", async () => {
    const boot = openBoot(appWith());
    await put(BOB, boot);
    Bun.spawnSync(["systemctl", "--user", "disable", "iapeer-agent-bob.service"], { env: box.env });
    expect([readBootUnits(boot.place).unitOf("bob"), await put(BOB, boot)]).toEqual(["disabled", ["update"]]);
    expect(readBootUnits(boot.place).unitOf("bob")).toBe("enabled");
  });

  test("of two hundred agents take one call each to write, to enable and to disable, and nothing when nothing differs", async () => {
    const boot = openBoot(appWith());
    const agents = Array.from({ length: 200 }, (_, index) => ({ name: `a${index}`, runtime: "claude" }));
    expect((await syncBootUnits(agents, boot)).every(({ op }) => op === "add")).toBe(true);
    expect(systemd.asked().map((line) => line.split(" ")[0])).toEqual(["daemon-reload", "enable"]);
    expect((await syncBootUnits(agents, boot)).every(({ op }) => op === "unchanged")).toBe(true);
    expect(systemd.asked()).toEqual([]);
    expect(await syncBootUnits([], boot)).toHaveLength(200);
    expect(systemd.asked().map((line) => line.split(" ")[0])).toEqual(["disable", "daemon-reload"]);
  });
});

test("who starts at boot is who was applied as persistent, is of this host, and is registered with that runtime", async () => {
  for (const name of ["bob", "eve", "zoe"]) await ok(box, "add", name);
  expect(readBootAgents(appWith())).toEqual({ agents: [], unregistered: [], isApplied: false });
  applyAgents(
    box,
    "zoe",
    "ghost",
    "bob",
    { name: "eve", isPersistent: false },
    { name: "far", remote: { host: "h", ssh: "h" } },
    { name: "wrong", runtime: "codex" },
  );
  expect(readBootAgents(appWith())).toEqual({
    agents: [{ name: "zoe", runtime: "claude" }, BOB],
    unregistered: ["ghost", "wrong"],
    isApplied: true,
  });
});
