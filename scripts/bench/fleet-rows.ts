import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nameOf, time } from "./rig.ts";
import { type Bench, type Row, takeTurns, type World } from "./row.ts";

const AGENTS = 200;
const MANY_AGENTS = 1000;
const namesOf = (count: number) => Array.from({ length: count }, (_, n) => nameOf(n));

/** A root with a fleet file of so many agents, and a provider whose commands do nothing. */
function openFleetWorld(bench: Bench, count = AGENTS): World {
  const world = bench.world();
  const agents = namesOf(count).map((name) => ({ name, class: "implementer", runtime: "claude" }));
  const noop = { command: Bun.which("true")!, args: [] };
  const files = {
    "fleet.yaml": { version: 1, policy: "none", agents },
    "memory-provider.json": { provider: "p", package: "@x/p", version: "1", provision: noop, unprovision: noop },
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(world.root, name), JSON.stringify(content), { mode: 0o600 });
  return world;
}

/** Removes everything that apply and add have made. */
function empty({ root }: World): void {
  for (const made of ["peers", "state", "logs", "peers-profiles.json", "peers-profiles.json.bak"])
    rmSync(join(root, made), { recursive: true, force: true });
}

/** Applies to an empty root; how many seconds it took. */
async function applyAnew({ binary }: Bench, world: World): Promise<number> {
  empty(world);
  return (await time([binary, "fleet", "apply"], world.env)) / 1000;
}

const apply: Row = {
  name: "apply-200",
  claim: `fleet apply of ${AGENTS} agents to an empty root`,
  against: `${AGENTS} calls of iapeer add`,
  unit: "s",
  bound: { kind: "most", most: 10 },
  measure: async (bench) => {
    const world = openFleetWorld(bench);
    return await takeTurns({
      rounds: 3,
      measured: async () => await applyAnew(bench, world),
      baseline: async () => {
        empty(world);
        let tookMs = 0;
        for (const name of namesOf(AGENTS)) tookMs += await time([bench.binary, "add", name], world.env);
        return tookMs / 1000;
      },
    });
  },
};

const again: Row = {
  name: "apply-again",
  claim: `fleet apply with nothing to do, ${AGENTS} agents`,
  against: "compiled hello-world",
  unit: "ms",
  bound: { kind: "most", most: 300 },
  measure: async (bench) => {
    const world = openFleetWorld(bench);
    await time([bench.binary, "fleet", "apply"], world.env);
    return await takeTurns({
      rounds: 15,
      measured: async () => await time([bench.binary, "fleet", "apply"], world.env),
      baseline: async () => await time([bench.hello], world.env),
    });
  },
};

const many: Row = {
  name: "apply-1000",
  claim: `fleet apply of ${MANY_AGENTS} agents to an empty root`,
  against: `fleet apply of ${AGENTS}`,
  unit: "s",
  bound: { kind: "ratio", most: 5.5 },
  measure: async (bench) => {
    const large = openFleetWorld(bench, MANY_AGENTS);
    const small = openFleetWorld(bench);
    return await takeTurns({
      rounds: 3,
      measured: async () => await applyAnew(bench, large),
      baseline: async () => await applyAnew(bench, small),
    });
  },
};

export const FLEET_ROWS: readonly Row[] = [apply, many, again];
