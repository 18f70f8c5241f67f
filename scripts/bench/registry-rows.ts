import { fillRegistry, nameOf, time } from "./rig.ts";
import { type Bench, type Measured, type Row, takeTurns } from "./row.ts";

const ADDS = 200;

/** 200 processes that add 200 peers at the same time, against the same processes one after another. */
const adds: Row = {
  name: "adds",
  claim: `${ADDS} adds at once`,
  against: "one after another",
  unit: "s",
  bound: { kind: "ratio", most: 1.5 },
  measure: async (bench) =>
    await takeTurns({
      rounds: 3,
      measured: async () =>
        await timeAdds(bench, async (run) => void (await Promise.all(Array.from({ length: ADDS }, (_, n) => run(n))))),
      baseline: async () =>
        await timeAdds(bench, async (run) => {
          for (let n = 0; n < ADDS; n += 1) await run(n);
        }),
    }),
};

async function timeAdds({ binary, world }: Bench, all: (run: (n: number) => Promise<unknown>) => Promise<void>): Promise<number> {
  const { env } = world();
  const startMs = performance.now();
  await all(async (n) => await time([binary, "add", nameOf(n)], env));
  const tookMs = performance.now() - startMs;
  const { peers } = (await Bun.file(`${env["IAPEER_ROOT"]}/peers-profiles.json`).json()) as { peers: unknown[] };
  if (peers.length !== ADDS) throw new Error(`${peers.length} of ${ADDS} peers are there`);
  return tookMs / 1000;
}

/** `list --json` against a program that only prints hello. */
function listRow(count: number, most: number, rounds: number): Row {
  return {
    name: `list-${count}`,
    claim: `list --json, ${count.toLocaleString("en")} peers`,
    against: "compiled hello-world",
    unit: "ms",
    bound: { kind: "ratio", most },
    measure: async (bench): Promise<Measured> => {
      const world = bench.world();
      fillRegistry(world, count);
      return await takeTurns({
        rounds,
        measured: async () => await time([bench.binary, "list", "--json"], world.env),
        baseline: async () => await time([bench.hello], world.env),
      });
    },
  };
}

/** The least cost of any start. */
const version: Row = {
  name: "version",
  claim: "--version",
  against: "compiled hello-world",
  unit: "ms",
  bound: { kind: "ratio", most: 1.8 },
  measure: async ({ binary, hello, world }) => {
    const { env } = world();
    return await takeTurns({
      rounds: 41,
      measured: async () => await time([binary, "--version"], env),
      baseline: async () => await time([hello], env),
    });
  },
};

export const REGISTRY_ROWS: readonly Row[] = [
  adds,
  version,
  listRow(100, 2.5, 41),
  listRow(1000, 4.5, 41),
  listRow(10_000, 12, 15),
];
