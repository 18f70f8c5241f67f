import { rmSync } from "node:fs";
import { layoutFrom } from "../../src/core/layout.ts";
import { readProcess } from "../../src/core/process/processes.ts";
import { incarnationPaths } from "../../src/status/incarnation/incarnation.ts";
import { recorderOf, signal } from "../support/session.ts";
import { both, type Row, WELL } from "./row.ts";
import type { Scene } from "./scene.ts";

const wanted: readonly Row[] = [
  { name: "stop", expected: both({}), act: async ({ iapeer }) => void (await iapeer("stop", "bob")) },
  { name: "remove --force", expected: both({}), act: async ({ iapeer }) => void (await iapeer("remove", "bob", "--force")) },
  {
    name: "stop while the recorder is stopped",
    expected: both({}),
    act: async ({ bob, iapeer }) => {
      signal("STOP", recorderOf(bob)!);
      await iapeer("stop", "bob");
    },
  },
  {
    // Without its record the recorder cannot be dismissed: only the claim says that this end is wanted.
    name: "stop while the recorder's record is missing",
    expected: both({}),
    act: async ({ bob, sandbox, iapeer }) => {
      rmSync(incarnationPaths(layoutFrom(sandbox.env), bob.identity, bob.incarnation).canary);
      await iapeer("stop", "bob");
    },
  },
  {
    name: "launch over a live server",
    expected: both({ lives: WELL }),
    act: async ({ bob, sandbox }) => {
      const { action, server_pid: pid } = (await sandbox.json("launch", "bob")) as Record<string, unknown>;
      if (action !== "already-live" || pid !== bob.server.pid)
        throw new Error(`launch came to ${String(action)}, server ${String(pid)}`);
    },
  },
];

/** How long a launch and a stop take, roughly. */
const LAUNCH_MS = 1300;
const STOP_MS = 200;

const cutShort: readonly Row[] = [
  {
    name: "a launch is killed half-way, launched again and stopped",
    expected: { parent: { lives: WELL } },
    act: async ({ sandbox, iapeer }) => {
      await iapeer("add", "dora", "--no-provision");
      const launch = sandbox.start(["launch", "dora"]);
      // Every second kill comes within the first 100 ms, where a launch does most of its work.
      await Bun.sleep(Math.random() * (Math.random() < 0.5 ? 100 : LAUNCH_MS));
      launch.kill("SIGKILL");
      await launch.exited;
      await iapeer("launch", "dora");
      await iapeer("stop", "dora");
    },
  },
  {
    name: "a stop is killed half-way, and stopped again",
    expected: both({}),
    act: async ({ sandbox, iapeer }) => {
      const stop = sandbox.start(["stop", "bob"]);
      await Bun.sleep(Math.random() * STOP_MS);
      stop.kill("SIGKILL");
      await stop.exited;
      await iapeer("stop", "bob");
    },
  },
];

/** Commands that end a recorder, and what is left afterwards. */
const DECOY_ROWS = [
  ["stop", ["stop", "bob"], { lives: ["an outsider"] }],
  ["canary dismiss", ["canary", "dismiss", "bob"], { lives: ["bob, unwatched", "an outsider"], canary: ["dismissed"] }],
  ["remove --force", ["remove", "bob", "--force"], { lives: ["an outsider"] }],
] as const;

const decoys: readonly Row[] = DECOY_ROWS.map(([what, words, expected]) => ({
  name: `${what} leaves alone an outsider's process with a channel's name in its arguments`,
  expected: both(expected),
  act: async (scene: Scene) => {
    startDecoy(scene);
    await scene.iapeer(...words);
  },
}));

function startDecoy({ sandbox, track }: Scene): void {
  const argv = ["/bin/sh", "-c", "while :; do sleep 1; done", "tmux", "wait-for", "iap-canary-claude-bob"];
  const child = Bun.spawn(argv, { env: sandbox.env, stdio: ["ignore", "ignore", "ignore"] });
  track("an outsider", readProcess(child.pid)!);
}

export const PURPOSE_ROWS: readonly Row[] = [...wanted, ...cutShort, ...decoys];
