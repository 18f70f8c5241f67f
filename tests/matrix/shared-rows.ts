import { callOutside, clientOf, recorderOf, signal, tellAgent, untilGone } from "../support/session.ts";
import { SHARED } from "../support/shared-server.ts";
import { until } from "../support/sandbox.ts";
import { ORDERLY, OTHERS, type Row, VANISHED } from "./row.ts";
import { readCanaryLines, type Scene } from "./scene.ts";

const CLOSED = "session-exit cause=pane-closed verdict=orderly-exit";
const EXITED = "session-exit dead_status=7 verdict=failed";
const KILLED_AGENT = "session-exit dead_signal=KILL verdict=killed";
const UNSEEN = "session-exit cause=unwitnessed verdict=unknown";

interface SharedRow {
  readonly name: string;
  readonly records?: readonly string[];
  /** Default: all but bob. */
  readonly lives?: readonly string[];
  readonly canary?: readonly string[];
  readonly act: Row["act"];
}

const onShared = ({ name, records = [], lives = OTHERS, canary = [], act }: SharedRow): Row => ({
  name: `on a shared server: ${name}`,
  isShared: true,
  expected: { client: { records, lives, canary } },
  act,
});

const ends: readonly SharedRow[] = [
  { name: "the agent exits with status 7", records: [EXITED], act: async ({ bob }) => await tellAgent(bob, "exit 7") },
  { name: "the agent gets SIGKILL", records: [KILLED_AGENT], act: async ({ bob }) => signal("KILL", bob.agent) },
  {
    name: "a person's kill-session",
    records: [CLOSED],
    act: async ({ bob }) => void (await callOutside(bob, "kill-session", "-t", "=claude-bob")),
  },
  {
    name: "a person's kill-pane",
    records: [CLOSED],
    act: async ({ bob }) => void (await callOutside(bob, "kill-pane", "-t", "=claude-bob:")),
  },
  {
    name: "a person's kill-window beside a second one",
    records: [CLOSED],
    act: async ({ bob }) => {
      await callOutside(bob, "new-window", "-d", "-t", "=claude-bob:", "exec sleep 600");
      await callOutside(bob, "kill-window", "-t", "=claude-bob:0");
    },
  },
  {
    name: "kill-server",
    records: twice(ORDERLY),
    lives: [],
    act: async ({ bob }) => void (await callOutside(bob, "kill-server")),
  },
  { name: "the server gets SIGKILL", records: twice(VANISHED), lives: [], act: async ({ bob }) => signal("KILL", bob.server) },
];

/** One record of bob and one of amy, in either order. */
function twice(record: string): string[] {
  return [`${record} | ${record} of=amy`, `${record} of=amy | ${record}`];
}

const wanted: readonly SharedRow[] = [
  { name: "stop", act: async ({ iapeer }) => void (await iapeer("stop", "bob")) },
  { name: "remove --force", act: async ({ iapeer }) => void (await iapeer("remove", "bob", "--force")) },
  {
    name: "the canary is dismissed, and then a person's kill-session",
    canary: ["dismissed"],
    act: async ({ bob, iapeer }) => {
      await iapeer("canary", "dismiss", "bob");
      await callOutside(bob, "kill-session", "-t", "=claude-bob");
    },
  },
  {
    name: "a launch is killed half-way, launched again and stopped",
    lives: [...OTHERS, "bob, watched"],
    act: async ({ sandbox, iapeer }) => {
      await iapeer("add", "dora", "--no-provision");
      const launch = sandbox.start(["launch", "dora", "--socket", SHARED]);
      await Bun.sleep(Math.random() * 120);
      launch.kill("SIGKILL");
      await launch.exited;
      await iapeer("launch", "dora", "--socket", SHARED);
      await iapeer("stop", "dora");
    },
  },
];

const blind: readonly SharedRow[] = [
  {
    name: "the recorder gets SIGKILL, then a person's kill-session, and supervise runs",
    records: [UNSEEN],
    act: async ({ bob, iapeer }) => {
      const recorder = recorderOf(bob)!;
      signal("KILL", recorder);
      await untilGone(recorder);
      await callOutside(bob, "kill-session", "-t", "=claude-bob");
      await iapeer("supervise", "--once");
    },
  },
  {
    name: "the session's log is taken off, then a person's kill-session, and supervise runs",
    records: [CLOSED],
    canary: ["watch-lost"],
    act: async (scene) => {
      const { bob, iapeer, sandbox } = scene;
      await callOutside(bob, "pipe-pane", "-t", "=claude-bob:");
      // The recorder looks once because of that. Of the next end it gets no notice.
      await until("the recorder has looked", () => readCanaryLines(sandbox).includes("watch-lost"));
      await clientOf(bob);
      await callOutside(bob, "kill-session", "-t", "=claude-bob");
      await iapeer("supervise", "--once");
    },
  },
];

const moved: readonly SharedRow[] = [
  {
    name: "a person gives the session another name, and then the agent exits",
    records: [EXITED],
    act: async ({ bob }) => {
      await callOutside(bob, "rename-session", "-t", "=claude-bob", "other");
      await callOutside(bob, "send-keys", "-t", "=other:", "exit 7", "Enter");
    },
  },
  {
    name: "a person gives the session another name, and then stop",
    act: async ({ bob, iapeer }) => {
      await callOutside(bob, "rename-session", "-t", "=claude-bob", "other");
      await iapeer("stop", "bob");
    },
  },
  {
    name: "a person takes the agent's pane into their own session, and then it exits",
    records: [EXITED],
    act: async (scene) => {
      const pane = await takePane(scene);
      await callOutside(scene.bob, "send-keys", "-t", pane, "exit 7", "Enter");
    },
  },
  {
    name: "a person takes the agent's pane into their own session, and then stop",
    act: async (scene) => {
      await takePane(scene);
      await scene.iapeer("stop", "bob");
    },
  },
  {
    name: "a person makes the pane run anew, supervise runs, and then it is stopped",
    act: async ({ bob, iapeer }) => {
      await callOutside(bob, "respawn-pane", "-k", "-t", "=claude-bob:");
      await untilGone(bob.agent);
      await iapeer("supervise", "--once");
      await iapeer("stop", "bob");
    },
  },
];

async function takePane({ bob }: Scene): Promise<string> {
  const pane = await callOutside(bob, "display-message", "-p", "-t", "=claude-bob:", "#{pane_id}");
  await callOutside(bob, "join-pane", "-d", "-s", pane, "-t", "=mine:");
  return pane;
}

export const SHARED_ROWS: readonly Row[] = [...ends, ...wanted, ...blind, ...moved].map(onShared);
