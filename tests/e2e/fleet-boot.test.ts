import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { errorLine, ok, readRegistryFile } from "../support/calls.ts";
import type { Check } from "../../src/app/doctor/types.ts";
import type { ApplyReport } from "../../src/app/fleet/apply.ts";
import { applyAgents } from "../support/applied-fleet.ts";
import { writeFleet } from "../support/fleet.ts";
import { type FakeSystemd, feignSystemd, readUnits } from "../support/fake-systemd.ts";
import { fixture } from "../support/fixtures.ts";
import { soaked } from "../support/soak.ts";
import { BINARY, type Finished, finish, openSandbox, type Sandbox, until } from "../support/sandbox.ts";
import { launchPeer, prepareSessions, processesOf } from "../support/session.ts";
import { isRunning } from "../../src/core/process/processes.ts";

let box: Sandbox;
let systemd: FakeSystemd;
beforeEach(async () => {
  box = openSandbox();
  systemd = feignSystemd(box);
  box.script("systemd/bin/claude", "exit 0");
  for (const name of ["bob", "eve"]) await ok(box, "add", name);
  applyAgents(box, "bob", "eve");
});
afterEach(async () => {
  systemd.relent();
  await box.iapeer("stop", "--all");
  await until("nothing of the sandbox runs", () => processesOf(box).length === 0);
  box[Symbol.dispose]();
});

const SHARED = { "iapeer-fleet.target": "enabled", "iapeer-supervise.service": "enabled" } as const;
const agents = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [`iapeer-agent-${name}.service`, "enabled" as const]));
const unitsFolder = () => join(box.home, ".config/systemd/user");
const textOf = (unit: string) => readFileSync(join(unitsFolder(), unit), "utf8");
const install = async (...args: string[]): Promise<Finished> => await box.iapeer("fleet", "install", ...args);

function opsOf(json: { units: { unit: string; op: string }[] }): Record<string, string> {
  return Object.fromEntries(json.units.map(({ unit, op }) => [unit.replace(/^iapeer-(?:agent-)?/, "").replace(/\..*$/, ""), op]));
}

describe.skipIf(process.platform !== "linux")("fleet install", () => {
  test("writes and enables a unit for each agent and for what they share, switches linger on, and starts nothing", async () => {
    const json = await box.json("fleet", "install");
    expect(json).toMatchObject({ action: "installed", unregistered: [], unstartable: [], linger: "enabled" });
    expect(opsOf(json)).toEqual({ fleet: "add", supervise: "add", bob: "add", eve: "add" });
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "eve") });
    expect(systemd.asked()).toEqual([
      "daemon-reload",
      "enable iapeer-fleet.target iapeer-supervise.service iapeer-agent-bob.service iapeer-agent-eve.service",
      "loginctl enable-linger",
    ]);
    expect(textOf("iapeer-agent-bob.service")).toContain(`ExecStart="${BINARY}" "launch" "bob" "--runtime" "claude"`);
    expect(processesOf(box)).toEqual([]);
    expect(readFileSync(join(box.root, "logs/iapeer/lifecycle.log"), "utf8")).toContain(
      "ev=boot-unit unit=iapeer-agent-bob.service op=add",
    );
  });

  test("done again writes nothing, asks nothing of systemd but whether it is there, and says so", async () => {
    await ok(box, "fleet", "install");
    systemd.asked();
    const before = readdirSync(unitsFolder()).map((name) => lstatSync(join(unitsFolder(), name)).mtimeMs);
    expect(await box.json("fleet", "install")).toMatchObject({ action: "unchanged", linger: "already" });
    expect((await ok(box, "fleet", "install")).stdout).toBe("unchanged: 4 units\n");
    expect(systemd.asked()).toEqual([]);
    expect(readdirSync(unitsFolder()).map((name) => lstatSync(join(unitsFolder(), name)).mtimeMs)).toEqual(before);
  });

  test("has the units of whom the fleet has, and of nobody else: who left is disabled before the unit goes", async () => {
    await ok(box, "fleet", "install");
    systemd.asked();
    await ok(box, "add", "zoe");
    applyAgents(box, "zoe", "bob", { name: "far", remote: { host: "h", ssh: "me@h" } }, { name: "eve", isPersistent: false });
    expect(opsOf(await box.json("fleet", "install"))).toEqual({
      fleet: "unchanged",
      supervise: "unchanged",
      zoe: "add",
      bob: "unchanged",
      eve: "remove",
    });
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "zoe") });
    expect(systemd.asked()).toEqual(["disable iapeer-agent-eve.service", "daemon-reload", "enable iapeer-agent-zoe.service"]);
  });

  test("does not touch the session of an agent whose unit goes", async () => {
    prepareSessions(box);
    const { server, agent } = await launchPeer(box, "eve");
    await ok(box, "fleet", "install");
    applyAgents(box, "bob");
    await ok(box, "fleet", "install");
    await ok(box, "fleet", "uninstall");
    expect([server, agent].map(isRunning)).toEqual([true, true]);
  });

  test("gives no unit to an agent that is not registered with its runtime, says so, and exits with 1", async () => {
    applyAgents(box, "bob", { name: "eve", runtime: "codex" }, "ghost");
    const { status, stdout, stderr } = await install("--json");
    expect([status, JSON.parse(stdout).unregistered]).toEqual([1, ["eve", "ghost"]]);
    expect(stderr).toContain("ghost does not start at boot");
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob") });
  });

  test("tells whose program is not found with what the unit has, and exits with 1", async () => {
    rmSync(join(box.folder, "systemd/bin/claude"));
    const agent = box.script("agent", "exit 0");
    Object.assign(box.env, { PATH: `${box.folder}/systemd/bin:/usr/bin:/bin`, IAPEER_CLAUDE_BIN: agent });
    const launchEnv = (name: string) => `root/peers/${name}/.iapeer/runtimes/claude/launch.env`;
    box.write(launchEnv("bob"), `IAPEER_CLAUDE_BIN=${agent}\n`);
    const { status, stdout, stderr } = await install("--json");
    expect([status, JSON.parse(stdout).unstartable]).toEqual([1, ["eve"]]);
    expect(stderr).toContain("eve cannot start at boot");
    expect(stderr).toContain("which is not on PATH");
    expect(stderr).toContain(`put the path of its program into its launch.env: ${join(box.folder, launchEnv("eve"))}`);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "eve") });
    box.write(launchEnv("eve"), "no variable\n");
    expect((await install()).stderr).toContain("eve cannot start at boot");
    box.write(launchEnv("eve"), `IAPEER_CLAUDE_BIN=${agent}\n`);
    expect(await box.json("fleet", "install")).toMatchObject({ action: "unchanged", unstartable: [] });
  });

  test("works before anything was applied", async () => {
    rmSync(join(box.root, "state/iapeer/fleet.json"));
    expect((await ok(box, "fleet", "install")).stderr).toContain("iapeer fleet apply");
    expect(readUnits(box)).toEqual(SHARED);
  });

  test("brings units up to date where a path moved, and only a supervise that runs is started anew", async () => {
    await ok(box, "fleet", "install");
    systemd.asked();
    box.env["PATH"] += ":/elsewhere";
    expect(opsOf(await box.json("fleet", "install"))).toEqual({
      fleet: "update",
      supervise: "update",
      bob: "update",
      eve: "update",
    });
    expect(systemd.asked()).toEqual(["daemon-reload", "try-restart iapeer-supervise.service"]);
    expect(textOf("iapeer-agent-bob.service")).toContain(":/elsewhere");
  });

  test("writes no other variable of the caller's, wherever it looks", async () => {
    const secrets = {
      ANTHROPIC_API_KEY: "sk-ant-verysecret",
      OPENAI_API_KEY: "sk-verysecret",
      IAPEER_CLAUDE_BIN: "/verysecret",
      TMUX_TMPDIR: "/tmp",
    };
    expect((await box.iapeerWith(secrets, "fleet", "install")).status).toBe(0);
    const texts = Object.keys(readUnits(box)).map(textOf);
    expect(texts.filter((text) => text.includes("verysecret"))).toEqual([]);
    expect(texts.filter((text) => text.includes('Environment="TMUX_TMPDIR=/tmp"'))).toHaveLength(3);
    expect((await box.iapeerWith(secrets, "fleet", "install", "--print")).stdout).not.toContain("verysecret");
  });

  test("says what to type where linger may not be switched on, and exits with 1", async () => {
    systemd.refuse("linger");
    const { status, stderr } = await install();
    expect(status).toBe(1);
    expect(stderr).toContain("Access denied");
    expect(stderr).toContain(`sudo loginctl enable-linger ${process.getuid!()}`);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "eve") });
  });

  test("--now starts everything, and exits with 1 where an agent did not start", async () => {
    expect(await box.json("fleet", "install", "--now")).toMatchObject({ not_started: [] });
    expect(systemd.asked().at(-1)).toBe(
      "start iapeer-fleet.target iapeer-supervise.service iapeer-agent-bob.service iapeer-agent-eve.service",
    );
    box.write("systemd/broken-iapeer-agent-eve.service", "");
    const { status, stdout, stderr } = await install("--now", "--json");
    expect([status, JSON.parse(stdout).not_started]).toEqual([1, ["eve"]]);
    expect(stderr).toContain("systemctl --user status iapeer-agent-eve");
  });

  test.each([
    ["there is no systemctl", () => (box.env["PATH"] = "/nowhere")],
    ["systemctl does not answer", () => systemd.refuse("show")],
  ])("where %s it says so, exits with 1 and changes nothing; --print prints all the same", async (_, take) => {
    take();
    const refused = await install("--json");
    expect([refused.status, errorLine(refused).code]).toEqual([1, "command-failed"]);
    expect(errorLine(refused).hint).toContain("iapeer fleet install --print");
    expect(existsSync(join(box.home, ".config"))).toBe(false);
    const { units, commands } = (await box.json("fleet", "install", "--print")) as {
      units: { path: string }[];
      commands: string[][];
    };
    expect(units.map(({ path }) => path.split("/").at(-1))).toEqual([
      "iapeer-fleet.target",
      "iapeer-supervise.service",
      "iapeer-agent-bob.service",
      "iapeer-agent-eve.service",
    ]);
    expect(commands.map((argv) => argv.slice(0, 3).join(" "))).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user enable",
      `loginctl enable-linger ${process.getuid!()}`,
    ]);
    const { stdout } = await ok(box, "fleet", "install", "--print");
    expect(stdout).toContain(`# ${unitsFolder()}/iapeer-agent-eve.service\n[Unit]`);
    expect(existsSync(join(box.home, ".config"))).toBe(false);
  });

  test("leaves the units of another root alone, and says how to take them away", async () => {
    await ok(box, "fleet", "install");
    const other = join(box.folder, "other");
    await ok(box, "add", "bob", "--root", other);
    const refused = await install("--root", other, "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([4, "boot-units-taken"]);
    expect(errorLine(refused).hint).toContain(`iapeer fleet uninstall --root '${box.root}'`);
    expect(await box.json("fleet", "uninstall", "--root", other)).toEqual({ action: "absent", units: [] });
    await ok(box, "remove", "bob", "--root", other);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "eve") });
  });
});

describe.skipIf(process.platform !== "linux")("a unit without a mark of iapeer's", () => {
  const OWN = "[Service]\nExecStart=/bin/true\n";
  const writeOwn = (unit: string, text = OWN) => box.write(join(unitsFolder(), unit), text);
  const link = (unit: string) => {
    mkdirSync(join(unitsFolder(), "iapeer-fleet.target.wants"), { recursive: true });
    symlinkSync(join(unitsFolder(), unit), join(unitsFolder(), "iapeer-fleet.target.wants", unit));
  };

  test("of nobody in the fleet is left alone, and counts as nobody's", async () => {
    writeOwn("iapeer-agent-foo.service");
    link("iapeer-agent-foo.service");
    expect(opsOf(await box.json("fleet", "install"))).toEqual({ fleet: "add", supervise: "add", bob: "add", eve: "add" });
    await ok(box, "fleet", "uninstall");
    await ok(box, "add", "foo");
    expect((await box.json("remove", "foo"))[0]).not.toHaveProperty("bootUnit");
    expect(readUnits(box)).toEqual(agents("foo"));
    expect(textOf("iapeer-agent-foo.service")).toBe(OWN);
  });

  test.each(["iapeer-agent-eve.service", "iapeer-fleet.target"])(
    "is not overwritten where its name is needed: %s",
    async (unit) => {
      writeOwn(unit);
      const refused = await install("--json");
      expect([refused.status, errorLine(refused).code]).toEqual([4, "boot-units-taken"]);
      expect(errorLine(refused).message).toContain(`${unit} has no mark of iapeer's`);
      expect(errorLine(refused).hint).toContain("move it away");
      expect(await box.json("fleet", "uninstall")).toEqual({ action: "absent", units: [] });
      expect([readUnits(box), textOf(unit)]).toEqual([{ [unit]: "disabled" }, OWN]);
      expect(systemd.asked()).toEqual([]);
    },
  );

  test("stays iapeer's where it is the supervise service, as older versions wrote it", async () => {
    writeOwn("iapeer-supervise.service");
    expect(opsOf(await box.json("fleet", "install"))).toEqual({ fleet: "add", supervise: "update", bob: "add", eve: "add" });
    await ok(box, "fleet", "uninstall");
    expect(readUnits(box)).toEqual({});
  });
});

describe.skipIf(process.platform !== "linux")("fleet uninstall", () => {
  test("disables everything before it goes, leaves linger, and says so", async () => {
    await ok(box, "fleet", "install");
    systemd.asked();
    const { stdout, stderr } = await ok(box, "fleet", "uninstall");
    expect(stdout.split("\n")).toHaveLength(5);
    expect(stderr).toContain("loginctl disable-linger");
    expect(readUnits(box)).toEqual({});
    expect(systemd.asked().filter((line) => line !== "daemon-reload")).toEqual([
      "disable iapeer-agent-bob.service iapeer-agent-eve.service iapeer-supervise.service",
      "disable iapeer-fleet.target",
      "stop iapeer-supervise.service",
    ]);
    expect(await box.json("fleet", "uninstall")).toEqual({ action: "absent", units: [] });
  });

  test("leaves a supervise service that was there before the fleet's", async () => {
    await ok(box, "supervise", "--install");
    await ok(box, "fleet", "install");
    await ok(box, "fleet", "install");
    await ok(box, "fleet", "uninstall");
    expect(readUnits(box)).toEqual({ "iapeer-supervise.service": "enabled" });
  });

  test("takes everything away by itself where systemd refuses, and warns", async () => {
    await ok(box, "fleet", "install");
    systemd.refuse("disable");
    systemd.refuse("daemon-reload");
    expect((await ok(box, "fleet", "uninstall")).stderr).toContain("no bus");
    expect(readUnits(box)).toEqual({});
  });
});

describe.skipIf(process.platform !== "linux")("remove of a peer that starts at boot", () => {
  test("disables its unit before it goes, and tells", async () => {
    await ok(box, "fleet", "install");
    systemd.asked();
    expect(await box.json("remove", "bob")).toMatchObject([{ action: "removed", bootUnit: "removed" }]);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("eve") });
    expect(systemd.asked()).toEqual(["disable iapeer-agent-bob.service", "daemon-reload"]);
    expect((await ok(box, "remove", "eve")).stdout).toStartWith("removed eve; it starts at boot no more; ");
    // The applied fleet still has them, and they do not come back by that.
    expect((await install("--json")).status).toBe(1);
    expect(readUnits(box)).toEqual(SHARED);
  });

  test("asks nothing of systemd where it has no unit", async () => {
    expect((await box.json("remove", "bob"))[0]).not.toHaveProperty("bootUnit");
    expect(systemd.asked()).toEqual([]);
  });

  test.each([[["disable"]], [["disable", "daemon-reload"]]])(
    "does it by itself where systemd refuses to %p, and warns",
    async (verbs) => {
      await ok(box, "fleet", "install");
      verbs.forEach(systemd.refuse);
      const { stderr } = await ok(box, "remove", "bob");
      expect(stderr).toContain("systemctl --user disable iapeer-agent-bob.service failed: Failed to disable: no bus");
      expect(readUnits(box)).toEqual({ ...SHARED, ...agents("eve") });
    },
  );

  test("does it without a systemctl, too", async () => {
    await ok(box, "fleet", "install");
    rmSync(join(box.folder, "systemd/bin/systemctl"));
    box.env["PATH"] = `${box.folder}/bin`;
    expect((await ok(box, "remove", "bob")).stderr).toContain("systemctl is not here");
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("eve") });
  });

  test("of a peer that is gone takes away a unit that came back, and a link that leads nowhere", async () => {
    await ok(box, "fleet", "install");
    const text = textOf("iapeer-agent-bob.service");
    await ok(box, "remove", "bob");
    box.write(join(unitsFolder(), "iapeer-agent-bob.service"), text);
    symlinkSync("../gone", join(unitsFolder(), "iapeer-fleet.target.wants/iapeer-agent-bob.service"));
    expect(await box.json("remove", "bob")).toMatchObject([{ action: "absent", bootUnit: "removed" }]);
    symlinkSync("../gone", join(unitsFolder(), "iapeer-fleet.target.wants/iapeer-agent-bob.service"));
    expect(await box.json("remove", "bob")).toMatchObject([{ action: "absent", bootUnit: "removed" }]);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("eve") });
  });
});

/** Runs the program in a mount namespace of its own, where the folder of the units is of a kind. */
async function withFolder(kind: "read-only" | "full" | "full-of-units", ...args: string[]): Promise<Finished> {
  return await finish(
    Bun.spawn(["unshare", "--mount", fixture("with-units-folder.sh"), kind, BINARY, ...args], {
      env: box.env,
      cwd: box.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
}
const canMount = process.platform === "linux" && Bun.spawnSync(["unshare", "--mount", "true"], { stderr: "ignore" }).success;

describe.skipIf(!canMount)("where the folder of the units", () => {
  test("may not be written, an installation fails whole, and a removal does not drop the peer", async () => {
    mkdirSync(unitsFolder(), { recursive: true });
    const refused = await withFolder("read-only", "fleet", "install", "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([1, "write-failed"]);
    expect(readUnits(box)).toEqual({});
    await ok(box, "fleet", "install");
    const half = await withFolder("read-only", "remove", "bob", "--json");
    expect([half.status, JSON.parse(half.stdout)[0].error.code]).toEqual([1, "write-failed"]);
    expect(readRegistryFile(box).peers.map(({ personality }) => personality)).toContain("bob");
    await ok(box, "remove", "bob");
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("eve") });
  });

  test("is full, nothing of an installation is there, and a removal works", async () => {
    const refused = await withFolder("full", "fleet", "install", "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([1, "write-failed"]);
    expect(systemd.asked()).toEqual([]);
    await ok(box, "fleet", "install");
    const removed = await withFolder("full-of-units", "remove", "bob", "--json");
    expect([removed.status, JSON.parse(removed.stdout)[0].bootUnit]).toEqual([0, "removed"]);
  });

  test("is a file, an installation says so", async () => {
    box.write(join(box.home, ".config/systemd"), "");
    const refused = await install("--json");
    expect([refused.status, errorLine(refused).code]).toEqual([1, "write-failed"]);
  });
});

describe.skipIf(process.platform !== "linux")("where a file has the name of the folder of the links", () => {
  test.each(["install", "uninstall"])("of the agents, fleet %s says so, and changes nothing", async (verb) => {
    await ok(box, "fleet", "install");
    const wants = join(unitsFolder(), "iapeer-fleet.target.wants");
    rmSync(wants, { recursive: true });
    box.write(wants, "");
    const before = readdirSync(unitsFolder());
    const refused = await box.iapeer("fleet", verb, "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([1, "read-failed"]);
    expect(errorLine(refused).message).toContain(wants);
    expect(readdirSync(unitsFolder())).toEqual(before);
  });

  test("of the agents, a peer can be removed all the same", async () => {
    await ok(box, "fleet", "install");
    const wants = join(unitsFolder(), "iapeer-fleet.target.wants");
    rmSync(wants, { recursive: true });
    box.write(wants, "");
    expect(await box.json("remove", "bob")).toMatchObject([{ action: "removed", bootUnit: "removed" }]);
  });

  test("of others, an installation and an uninstallation work", async () => {
    box.write(join(unitsFolder(), "other.target.wants"), "");
    await ok(box, "fleet", "install");
    await ok(box, "fleet", "uninstall");
    expect(readdirSync(unitsFolder()).filter((name) => name.startsWith("iapeer-") && !name.endsWith(".wants"))).toEqual([]);
  });
});

describe.skipIf(process.platform !== "linux")("killed in the middle", () => {
  const refreshed = { ...SHARED, ...agents("bob") };
  const noneDangling = () => expect(Object.values(readUnits(box))).not.toContain("dangling");

  test.each(["daemon-reload", "enable"])("at %s, an installation is finished by the next", async (verb) => {
    systemd.killAt(verb);
    expect((await install()).signal).toBe("SIGKILL");
    noneDangling();
    await ok(box, "fleet", "install");
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "eve") });
  });

  test.each(["enable", "daemon-reload"])("and refused at %s, too", async (verb) => {
    systemd.refuse(verb);
    const refused = await install("--json");
    expect([refused.status, errorLine(refused).code]).toEqual([1, "command-failed"]);
    noneDangling();
    systemd.relent();
    await ok(box, "fleet", "install");
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob", "eve") });
  });

  test.each(["disable", "daemon-reload"])(
    "at %s, a removal is finished by the next, and no peer is gone whose unit is enabled",
    async (verb) => {
      await ok(box, "fleet", "install");
      systemd.killAt(verb);
      expect((await box.iapeer("remove", "eve")).signal).toBe("SIGKILL");
      expect(readRegistryFile(box).peers.map(({ personality }) => personality)).toContain("eve");
      noneDangling();
      // A peer that is being removed does not get a unit again.
      expect((await install()).status).toBe(1);
      expect(readUnits(box)).toEqual(refreshed);
      await ok(box, "remove", "eve");
      expect(readUnits(box)).toEqual(refreshed);
    },
  );

  test.each(["disable", "daemon-reload"])("at %s, an uninstallation is finished by the next", async (verb) => {
    await ok(box, "fleet", "install");
    systemd.killAt(verb);
    expect((await box.iapeer("fleet", "uninstall")).signal).toBe("SIGKILL");
    noneDangling();
    await ok(box, "fleet", "uninstall");
    expect(readUnits(box)).toEqual({});
  });

  test("at several moments, an installation that brings in and takes away leaves no link without its unit, and the next one finishes it", async () => {
    const many = Array.from({ length: 12 }, (_, index) => `w${index}`);
    for (const name of many) await ok(box, "add", name);
    const halves = [many.slice(0, 6), many.slice(6)];
    const kills = soaked(20, 6);
    for (let round = 0; round < kills; round += 1) {
      const names = halves[round % 2]!;
      applyAgents(box, ...names);
      const running = box.start(["fleet", "install"]);
      await Bun.sleep(10 + (round * 120) / kills);
      running.kill("SIGKILL");
      await running.exited;
      noneDangling();
      await ok(box, "fleet", "install");
      expect(readUnits(box)).toEqual({ ...SHARED, ...agents(...names) });
    }
  });
});

describe.skipIf(process.platform !== "linux")("fleet apply, where fleet install was done", () => {
  const agent = (name: string, isPersistent: boolean) => ({ name, class: "tester", persistent_persona: isPersistent });
  const apply = async (...args: string[]) => (await box.json("fleet", "apply", ...args)) as ApplyReport;
  const stagesOf = ({ rows }: ApplyReport) => rows.map(({ peer, status, stage }) => `${peer} ${status} ${stage}`);

  test("keeps the units in step: enabled with who comes, disabled before it goes with who is not persistent any more or is pruned", async () => {
    writeFleet(box, [agent("bob", true), agent("eve", true)]);
    await apply();
    await ok(box, "fleet", "install");
    systemd.asked();
    writeFleet(box, [agent("bob", false), agent("zoe", true)]);
    expect(stagesOf(await apply("--prune"))).toEqual(["bob done unit", "zoe done unit", "eve done remove"]);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("zoe") });
    expect(systemd.asked()).toEqual([
      "disable iapeer-agent-eve.service",
      "daemon-reload",
      "disable iapeer-agent-bob.service",
      "daemon-reload",
      "enable iapeer-agent-zoe.service",
    ]);
    expect(stagesOf(await apply())).toEqual(["bob unchanged check", "zoe unchanged check"]);
    expect(systemd.asked()).toEqual([]);
  });

  test("has no unit for who is declared no more, also before it is pruned", async () => {
    writeFleet(box, [agent("bob", true), agent("eve", true)]);
    await apply();
    await ok(box, "fleet", "install");
    writeFleet(box, [agent("bob", true)]);
    expect(await apply()).toMatchObject({ undeclared: ["eve"] });
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob") });
  });

  test("has no unit for a runtime that update took away, and doctor tells of what starts and should not", async () => {
    writeFleet(box, [agent("bob", true)]);
    await apply();
    await ok(box, "fleet", "install");
    const fleetRows = async () =>
      ((await box.json("doctor", "--no-self-test")).checks as Check[])
        .filter(({ check }) => check === "fleet")
        .map(({ state }) => state);
    expect(await fleetRows()).toEqual(["ok"]);
    await ok(box, "update", "bob", "--add-runtime", "codex", "--default-runtime", "codex", "--remove-runtime", "claude");
    expect(readUnits(box)).toEqual(SHARED);
    expect(await fleetRows()).toEqual(["warning"]);
    box.write(`${box.root}/state/iapeer/fleet.json`, "{");
    expect(await fleetRows()).toEqual(["error"]);
  });

  test("writes no unit where it was not done", async () => {
    writeFleet(box, [agent("bob", true)]);
    expect(await apply()).toMatchObject({ ok: true });
    expect(readUnits(box)).toEqual({});
  });

  test("a service manager that refuses fails the persistent rows at their unit, and the next apply goes on", async () => {
    writeFleet(box, [agent("bob", false)]);
    await apply();
    await ok(box, "fleet", "install");
    writeFleet(box, [agent("bob", true), agent("zoe", false)]);
    systemd.refuse("enable");
    const report = await apply();
    expect(report.rows).toMatchObject([
      { peer: "bob", status: "failed", stage: "unit", cause: "service" },
      { peer: "zoe", status: "done" },
    ]);
    systemd.relent();
    expect(stagesOf(await apply())).toEqual(["bob done unit", "zoe unchanged check"]);
    expect(readUnits(box)).toEqual({ ...SHARED, ...agents("bob") });
  });
});
