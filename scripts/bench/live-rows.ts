import { readCpuMs } from "./canary-rows.ts";
import { type LiveWorld, loseRecorders, openLiveWorld } from "./live-world.ts";
import { nameOf, time } from "./rig.ts";
import { median, type Row, takeTurns } from "./row.ts";

const LIVE = 50;

const arm: Row = {
  name: "arm-50",
  claim: `supervise --once that arms ${LIVE} servers`,
  against: `tmux has-session of ${LIVE}`,
  unit: "ms",
  bound: { kind: "most", most: 1000 },
  measure: async (bench) => {
    await using world = await openLiveWorld(bench, { peers: LIVE, live: LIVE });
    const took: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await loseRecorders(world);
      took.push(await world.iapeer("supervise", "--once"));
    }
    return { measured: median(took), baseline: await askAll(world) };
  },
};

async function askAll(world: LiveWorld): Promise<number> {
  const startMs = performance.now();
  for (const identity of world.identities) await askTmux(world, identity);
  return performance.now() - startMs;
}

async function askTmux({ socketOf, env }: LiveWorld, identity: string): Promise<number> {
  return await time(["tmux", "-S", socketOf(identity), "has-session", "-t", `=${identity}`], env);
}

const supervise: Row = {
  name: "supervise-50",
  claim: `supervise --once over ${LIVE} watched servers`,
  against: "tmux has-session and pgrep -f for each",
  unit: "ms",
  bound: { kind: "ratio", most: 0.2 },
  measure: async (bench) => {
    await using world = await openLiveWorld(bench, { peers: LIVE, live: LIVE });
    return await takeTurns({
      rounds: 5,
      measured: async () => await world.iapeer("supervise", "--once"),
      baseline: async () => {
        const startMs = performance.now();
        for (const identity of world.identities) {
          await askTmux(world, identity);
          // The exit status only says whether pgrep found one.
          await Bun.spawn(["pgrep", "-f", `iap-canary-${identity}`], { stdio: ["ignore", "ignore", "ignore"] }).exited;
        }
        return performance.now() - startMs;
      },
    });
  },
};

const list: Row = {
  name: "list-live",
  claim: `list --json, ${LIVE} live servers among 1,000 peers`,
  against: "compiled hello-world",
  unit: "ms",
  bound: { kind: "most", most: 60 },
  measure: async (bench) => {
    await using world = await openLiveWorld(bench, { peers: 1000, live: LIVE });
    return await takeTurns({
      rounds: 31,
      measured: async () => await world.iapeer("list", "--json"),
      baseline: async () => await time([bench.hello], world.env),
    });
  },
};

const REST_SECS = 60;

const tail: Row = {
  name: "tail-rest",
  claim: `CPU of tail --follow over ${REST_SECS} s without output`,
  against: "of their minute",
  unit: "ms",
  bound: { kind: "most", most: 500 },
  measure: async (bench) => {
    await using world = await openLiveWorld(bench, { peers: 1, live: 1 });
    const argv = [bench.binary, "tail", nameOf(0), "--follow"];
    const child = Bun.spawn(argv, { env: world.env, stdio: ["ignore", "ignore", "ignore"] });
    try {
      await Bun.sleep(1000);
      const before = readCpuMs([child.pid]);
      await Bun.sleep(REST_SECS * 1000);
      return { measured: readCpuMs([child.pid]) - before, baseline: REST_SECS * 1000 };
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  },
};

const selfTest: Row = {
  name: "self-test",
  claim: "doctor, its self-test included",
  against: "doctor --no-self-test",
  unit: "s",
  bound: { kind: "difference", most: 6 },
  measure: async (bench) => {
    const { env } = bench.world();
    const doctor = async (...args: string[]) => (await time([bench.binary, "doctor", ...args], env)) / 1000;
    return await takeTurns({
      rounds: 3,
      measured: async () => await doctor(),
      baseline: async () => await doctor("--no-self-test"),
    });
  },
};

export const LIVE_ROWS: readonly Row[] = [arm, supervise, list, tail, selfTest];
