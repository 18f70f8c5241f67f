import { until } from "../support/sandbox.ts";
import { callOutside, signal, tellAgent, untilGone } from "../support/session.ts";
import { readRecords } from "./observe.ts";
import { both, type Row, WELL } from "./row.ts";
import type { Scene } from "./scene.ts";

/** The ends of an agent, and what each record says. */
const ENDS = [
  ["exits with status 0", "exit 0", "dead_status=0 verdict=orderly-exit"],
  ["exits with status 7", "exit 7", "dead_status=7 verdict=failed"],
  ["ends by SIGKILL", "die KILL", "dead_signal=KILL verdict=killed"],
  ["ends by SIGSEGV", "die SEGV", "dead_signal=SEGV verdict=crashed"],
] as const;

const ends: readonly Row[] = ENDS.map(([how, line, told]) => ({
  name: `the agent ${how}`,
  expected: both({ records: [`session-exit ${told}`] }),
  act: async (scene: Scene) => await endAgent(scene, line),
}));

/** tmux 3.3a and 3.4 miss some deaths of a pane. Then no hook runs, and supervise writes the record. */
const HOOK_MS = 1500;

async function endAgent(scene: Scene, line: string): Promise<void> {
  await tellAgent(scene.bob, line);
  await untilGone(scene.bob.agent);
  const deadline = performance.now() + HOOK_MS;
  while (readRecords(scene).length === 0 && performance.now() < deadline) await Bun.sleep(20);
  await scene.iapeer("supervise", "--once");
}

const UNSEEN = "session-exit cause=unwitnessed verdict=unknown";
const EXITED = "session-exit dead_status=7 verdict=failed";

const races: readonly Row[] = [
  {
    name: "the agent exits, and supervise runs at once",
    expected: both({ records: [EXITED] }),
    act: async ({ bob, iapeer }) => {
      await tellAgent(bob, "exit 7");
      await untilGone(bob.agent);
      await iapeer("supervise", "--once");
    },
  },
  {
    name: "the agent dies while the server is stopped, supervise runs, and then the server goes on",
    expected: both({ records: [`${UNSEEN} | session-exit dead_signal=KILL verdict=killed`] }),
    act: async ({ bob, iapeer }) => {
      signal("STOP", bob.server);
      signal("KILL", bob.agent);
      await untilGone(bob.agent);
      await iapeer("supervise", "--once");
      signal("CONT", bob.server);
      await untilGone(bob.server);
    },
  },
];

const windows: readonly Row[] = [
  {
    name: "a second window's process ends, by itself and by a signal",
    expected: both({ lives: WELL }),
    act: async (scene) => {
      await openWindow(scene, "exit 3");
      await untilWindows(scene, 1);
      await openWindow(scene, "exec sleep 600");
      const [, pid] = (await callOutside(scene.bob, "list-panes", "-s", "-t", "=claude-bob", "-F", "#{pane_pid}")).split("\n");
      Bun.spawnSync(["/bin/kill", "-s", "KILL", pid!], { stdin: "ignore" });
      await untilWindows(scene, 1);
    },
  },
  {
    name: "the agent exits while a second window is open",
    expected: both({ records: [EXITED] }),
    act: async (scene) => {
      await openWindow(scene, "exec sleep 600");
      await endAgent(scene, "exit 7");
    },
  },
  {
    name: "the agent's window is killed beside a second one, and supervise runs",
    expected: both({ records: [UNSEEN], lives: ["bob without its agent, watched"] }),
    act: killAgentsWindow,
  },
  {
    name: "the agent's window is killed beside a second one, supervise runs, and then the server dies",
    expected: both({ records: [UNSEEN] }),
    act: async (scene) => {
      await killAgentsWindow(scene);
      signal("KILL", scene.bob.server);
    },
  },
];

async function openWindow({ bob }: Scene, script: string): Promise<void> {
  await callOutside(bob, "new-window", "-d", "-t", "=claude-bob:", script);
}

async function untilWindows({ bob }: Scene, count: number): Promise<void> {
  const list = async () => await callOutside(bob, "list-windows", "-t", "=claude-bob", "-F", "#{window_id}");
  await until(`there are ${count} windows`, async () => (await list()).split("\n").length === count);
}

async function killAgentsWindow(scene: Scene): Promise<void> {
  await openWindow(scene, "exec sleep 600");
  await callOutside(scene.bob, "kill-window", "-t", "=claude-bob:0");
  await untilWindows(scene, 1);
  await scene.iapeer("supervise", "--once");
  if (readRecords(scene).length !== 1) throw new Error(`supervise left ${JSON.stringify(readRecords(scene))}`);
}

export const AGENT_ROWS: readonly Row[] = [...ends, ...races, ...windows];
