// The real systemd of a user, where this machine lets one run (root, and control groups that can be written).
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "../../src/core/process/processes.ts";
import { applyAgents } from "../support/applied-fleet.ts";
import { ok } from "../support/calls.ts";
import { openSandbox, type Sandbox, until } from "../support/sandbox.ts";
import { processesOf, readSession } from "../support/session.ts";
import { hasUserSystemd, openUserSystemd, type UserSystemd } from "../support/user-systemd.ts";

using trial = openSandbox();
const isPossible = await hasUserSystemd(trial);

let box: Sandbox;
let systemd: UserSystemd;
beforeEach(async () => {
  if (!isPossible) return;
  box = openSandbox();
  systemd = openUserSystemd(box)!;
  const agent = box.script("agent", "echo ready\nexec sleep 1000");
  for (const name of ["bob", "eve"]) {
    await ok(box, "add", name);
    box.write(`root/peers/${name}/.iapeer/runtimes/claude/launch.env`, `IAPEER_CLAUDE_BIN=${agent}\n`);
  }
  applyAgents(box, "bob", "eve");
  await systemd.boot();
});
afterEach(async () => {
  if (!isPossible) return;
  await box.iapeer("stop", "--all");
  await systemd[Symbol.asyncDispose]();
  await until("nothing of the sandbox runs", () => processesOf(box).length === 0);
  box[Symbol.dispose]();
});

/** It exits with 1 where there is no logind to switch linger on. */
async function install(...args: string[]): Promise<void> {
  const { stdout, stderr } = await box.iapeer("fleet", "install", ...args, "--json");
  if (stdout === "") throw new Error(stderr);
}

async function statuses(): Promise<Record<string, string>> {
  const rows: { personality: string; runtimes: { status: string }[] }[] = await box.json("list");
  return Object.fromEntries(rows.map(({ personality, runtimes }) => [personality, runtimes[0]!.status]));
}

/** A power cut and what stopped a session leave different states, but none that is live. */
async function untilLive(...names: string[]): Promise<void> {
  await until(
    `${names.join(", ")} are live`,
    async () => {
      const found = await statuses();
      return names.every((name) => found[name] === "live");
    },
    20_000,
  );
}

const serverOf = (name: string) => readSession(box, `claude-${name}`).server;
const isEnabled = (unit: string) => systemd.ctl("is-enabled", unit);

describe.skipIf(!isPossible)("under the real systemd of a user", () => {
  test("the agents start with the host, end with it without a death, and start again", async () => {
    await install();
    expect(await statuses()).toEqual({ bob: "asleep", eve: "asleep" });
    expect(["iapeer-fleet.target", "iapeer-supervise.service", "iapeer-agent-bob.service"].map(isEnabled)).toEqual([
      "enabled",
      "enabled",
      "enabled",
    ]);
    for (let round = 0; round < 4; round += 1) {
      await systemd.shutDown();
      expect(Object.values(await statuses())).not.toContain("live");
      await systemd.boot();
      await untilLive("bob", "eve");
      // Every other time the end comes while they are still being launched.
      if (round % 2 === 1) await until("the fleet is up", () => systemd.ctl("is-active", "iapeer-fleet.target") === "active");
    }
    expect(["iapeer-supervise.service", "iapeer-agent-bob.service"].map((unit) => systemd.ctl("is-active", unit))).toEqual([
      "active",
      "active",
    ]);
    expect(await box.json("deaths")).toEqual([]);
    const environment = readFileSync(`/proc/${serverOf("bob").pid}/environ`, "utf8").split("\0");
    expect(environment).toContain(`IAPEER_ROOT=${box.root}`);
    // A server is not in the unit's own control group.
    expect(readFileSync(`/proc/${serverOf("bob").pid}/cgroup`, "utf8")).not.toContain("iapeer-agent-bob");
  });

  test("who was stopped does not start with the host, until it is launched", async () => {
    await install("--now");
    await untilLive("bob", "eve");
    await ok(box, "stop", "bob");
    await systemd.shutDown();
    await systemd.boot();
    await untilLive("eve");
    await until("bob's unit is done", () => systemd.ctl("is-active", "iapeer-agent-bob.service") === "active");
    expect(await statuses()).toEqual({ bob: "stopped", eve: "live" });
    expect(await box.json("launch", "bob")).toMatchObject({ action: "launched", was_stopped: true });
    expect(await box.json("deaths")).toEqual([]);
  });

  test("after a power cut they start all the same", async () => {
    await install("--now");
    await untilLive("bob", "eve");
    await systemd.cutPower();
    expect(Object.values(await statuses())).not.toContain("live");
    await systemd.boot();
    await untilLive("bob", "eve");
  });

  test("who was removed does not come back, and who was taken out of the fleet goes on until then", async () => {
    await install("--now");
    await untilLive("bob", "eve");
    const server = serverOf("eve");
    await ok(box, "remove", "bob", "--force");
    applyAgents(box);
    await install();
    expect(isEnabled("iapeer-agent-eve.service")).not.toBe("enabled");
    expect(isRunning(server)).toBe(true);
    await systemd.shutDown();
    await systemd.boot();
    await until("the fleet is up", () => systemd.ctl("is-active", "iapeer-fleet.target") === "active");
    expect(systemd.ctl("list-units", "--all", "--plain", "--no-legend", "iapeer-agent-*")).toBe("");
    expect(await statuses()).not.toMatchObject({ eve: "live" });
  });

  test("to stop a unit is a stop on purpose, and a stopped target stops all", async () => {
    await install("--now");
    await untilLive("bob", "eve");
    systemd.ctl("stop", "iapeer-agent-bob.service");
    expect(await statuses()).toEqual({ bob: "asleep", eve: "live" });
    systemd.ctl("stop", "iapeer-fleet.target");
    await until("eve is stopped", async () => (await statuses())["eve"] === "asleep");
    expect(await box.json("deaths")).toEqual([]);
  });

  test("uninstalled, nothing comes back, and what runs goes on", async () => {
    await install("--now");
    await untilLive("bob", "eve");
    const servers = ["bob", "eve"].map(serverOf);
    await ok(box, "fleet", "uninstall");
    expect(servers.map(isRunning)).toEqual([true, true]);
    expect(existsSync(join(box.home, ".config/systemd/user/iapeer-fleet.target"))).toBe(false);
    expect(systemd.ctl("is-active", "iapeer-supervise.service")).not.toBe("active");
    await systemd.shutDown();
    await systemd.boot();
    expect(systemd.ctl("list-units", "--all", "--plain", "--no-legend", "iapeer-*")).toBe("");
  });

  test("an agent that cannot start is told by --now, and is a failed unit", async () => {
    box.write("root/peers/eve/.iapeer/runtimes/claude/launch.env", "IAPEER_CLAUDE_BIN=/bin/false\n");
    const { status, stdout } = await box.iapeer("fleet", "install", "--now", "--json");
    expect([status, JSON.parse(stdout).not_started]).toEqual([1, ["eve"]]);
    expect(systemd.ctl("is-failed", "iapeer-agent-eve.service")).toBe("failed");
    expect(await statuses()).toMatchObject({ bob: "live" });
  });
});
