import { until } from "../support/sandbox.ts";
import { soaked } from "../support/soak.ts";
import { clientOf, recorderOf, signal, untilGone } from "../support/session.ts";
import { readRecords } from "./observe.ts";
import { both, ORDERLY, type Row, VANISHED, WELL } from "./row.ts";
import { readCanaryLines, type Scene } from "./scene.ts";

/** Found out as the recorder does it (linux.sh). */
const HAS_LEASH =
  Bun.which("setpriv") !== null &&
  Bun.spawnSync(["setpriv", "--pdeathsig", "KILL", "true"], { stdin: "ignore", stderr: "ignore" }).success;

const REARMED = "armed retrofit client";

/** SIGTERM lets a watcher write a last line, SIGKILL does not. */
const losses: readonly Row[] = ["TERM", "KILL"].flatMap((name): Row[] => [
  {
    name: `the client alone gets SIG${name}, and then the server is killed`,
    expected: { client: { records: [VANISHED], canary: ["watch-lost"] } },
    act: async (scene) => {
      await loseClient(name, scene);
      signal("KILL", scene.bob.server);
    },
  },
  {
    name: `the recorder alone gets SIG${name}`,
    // A recorder that is killed takes its client with it only through setpriv(1). Without it the client waits on.
    expected: {
      parent: { lives: ["bob, unwatched"] },
      client: { lives: ["bob, unwatched", ...(name === "KILL" && !HAS_LEASH ? ["the client left behind"] : [])] },
    },
    act: async (scene) => {
      if (scene.witness === "client") scene.track("the client left behind", await clientOf(scene.bob));
      await loseRecorder(name, scene);
    },
  },
  {
    name: `the recorder alone gets SIG${name}, supervise runs, and then the server is killed`,
    expected: both({ records: [VANISHED], canary: [REARMED] }),
    act: async (scene) => {
      await loseRecorder(name, scene);
      await scene.iapeer("supervise", "--once");
      await readCanary(scene, { armed: true, witness: "client" });
      signal("KILL", scene.bob.server);
    },
  },
]);

const ARMS = soaked(50, 12);

const arms: readonly Row[] = [
  {
    name: `${ARMS} canary arm at once leave one recorder, and then the server is killed`,
    expected: { parent: { records: [VANISHED], canary: ["armed manual client"] } },
    act: async (scene) => {
      await loseRecorder("KILL", scene);
      await Promise.all(Array.from({ length: ARMS }, async () => await scene.iapeer("canary", "arm", "bob")));
      signal("KILL", scene.bob.server);
    },
  },
  {
    name: `${ARMS} canary arm at once over a recorder change nothing`,
    expected: both({ lives: WELL }),
    act: async (scene) => {
      await Promise.all(Array.from({ length: ARMS }, async () => await scene.iapeer("canary", "arm", "bob")));
    },
  },
  {
    name: "the canary is dismissed, and then the server is killed",
    expected: both({ canary: ["dismissed"] }),
    act: async (scene) => {
      await scene.iapeer("canary", "dismiss", "bob");
      signal("KILL", scene.bob.server);
    },
  },
  {
    name: "the canary is dismissed and armed again, and then the server gets SIGTERM",
    expected: both({ records: [ORDERLY], canary: ["dismissed", "armed manual client"] }),
    act: async (scene) => {
      await scene.iapeer("canary", "dismiss", "bob");
      await scene.iapeer("canary", "arm", "bob");
      signal("TERM", scene.bob.server);
    },
  },
];

/** Ends only the recorder's client. The recorder logs that, and watches through a new one. */
async function loseClient(name: string, scene: Scene): Promise<void> {
  const { bob, sandbox } = scene;
  const client = await clientOf(bob);
  signal(name, client);
  await untilGone(client);
  await until("the loss is in the log", () => readCanaryLines(sandbox).includes("watch-lost"));
  await clientOf(bob);
  if (readRecords(scene).length > 0) throw new Error(`a lost client left ${JSON.stringify(readRecords(scene))}`);
  await readCanary(scene, { armed: true, witness: "client" });
}

async function loseRecorder(name: string, scene: Scene): Promise<void> {
  const recorder = recorderOf(scene.bob)!;
  signal(name, recorder);
  await untilGone(recorder);
  await until("nothing else holds its lock", () => recorderOf(scene.bob) === undefined);
  await readCanary(scene, { armed: false, reason: `its recorder (pid ${recorder.pid}) is gone` });
}

/** Compares bob's row of `canary status`. Throws when it differs. */
async function readCanary({ sandbox, bob }: Scene, expected: Readonly<Record<string, unknown>>): Promise<void> {
  const rows = (await sandbox.json("canary", "status")) as Record<string, unknown>[];
  const row = rows.find(({ identity }) => identity === bob.identity);
  const isRight = Object.entries({ server_pid: bob.server.pid, ...expected }).every(([key, value]) => row?.[key] === value);
  if (!isRight) throw new Error(`canary status says ${JSON.stringify(row)}`);
}

export const WATCHER_ROWS: readonly Row[] = [...losses, ...arms];
