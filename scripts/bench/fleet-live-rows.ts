import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import { listProcesses, readProcess } from "../../src/core/process/processes.ts";
import { readCpuMs } from "./canary-rows.ts";
import { openLiveWorld } from "./live-world.ts";
import { fillRegistry, nameOf, time } from "./rig.ts";
import { type Row, takeTurns, type World } from "./row.ts";

const AGENTS = 200;
const LIVE = 30;

const ps: Row = {
  name: "fleet-ps",
  claim: `fleet ps --json, ${LIVE} live servers among ${AGENTS} agents`,
  against: "compiled hello-world",
  unit: "ms",
  bound: { kind: "most", most: 150 },
  measure: async (bench) => {
    await using world = await openLiveWorld(bench, { peers: AGENTS, live: LIVE });
    declareFleet(world);
    for (let n = 0; n < AGENTS; n += 1) await world.iapeer("heartbeat", nameOf(n));
    return await takeTurns({
      rounds: 31,
      // Exit 1: some agents are not live, and need a person.
      measured: async () => await time([bench.binary, "fleet", "ps", "--json"], world.env, 1),
      baseline: async () => await time([bench.hello], world.env),
    });
  },
};

/** Declares every peer of a world as an agent, and has it applied. */
function declareFleet({ root, folder, env }: World): void {
  const agents = Array.from({ length: AGENTS }, (_, n) => ({
    name: nameOf(n),
    class: "implementer",
    runtime: "claude",
    workingDirectory: join(folder, nameOf(n)),
    isPersistent: false,
  }));
  const file = join(root, "fleet.yaml");
  const lines = agents.map(
    ({ name, class: agentClass, workingDirectory }) =>
      `  - { name: ${name}, class: ${agentClass}, working_directory: ${workingDirectory} }`,
  );
  writeFileSync(file, `version: 1\npolicy: none\nagents:\n${lines.join("\n")}\n`, { mode: 0o600 });
  writeApplied(layoutFrom(env), { file, agents, left: [] });
}

const REST_SECS = 60;

const beat: Row = {
  name: "heartbeat-rest",
  claim: `CPU of heartbeats beside a program over ${REST_SECS} s`,
  against: "of their minute",
  unit: "ms",
  bound: { kind: "most", most: 200 },
  measure: async (bench) => {
    const world = bench.world();
    fillRegistry(world, 1);
    const argv = [bench.binary, "heartbeat", nameOf(0), "--", "sleep", "1000"];
    const program = Bun.spawn(argv, { env: world.env, stdio: ["ignore", "ignore", "ignore"], detached: true });
    try {
      await Bun.sleep(1000);
      const loop = listProcesses().find(
        ({ pid, pgid, ppid }) => pgid === program.pid && pid !== program.pid && readProcess(ppid)?.pgid !== program.pid,
      )!;
      const before = readCpuMs([loop.pid]);
      await Bun.sleep(REST_SECS * 1000);
      return { measured: readCpuMs([loop.pid]) - before, baseline: REST_SECS * 1000 };
    } finally {
      program.kill("SIGKILL");
      await program.exited;
    }
  },
};

export const FLEET_LIVE_ROWS: readonly Row[] = [ps, beat];
