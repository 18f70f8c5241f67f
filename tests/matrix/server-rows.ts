import { rmSync } from "node:fs";
import { readProcess } from "../../src/core/process/processes.ts";
import { until } from "../support/sandbox.ts";
import { callOutside, clientOf, recorderOf, signal, untilGone } from "../support/session.ts";
import { readRecords } from "./observe.ts";
import { both, CRASHED, killed, ORDERLY, type Row, SWEPT, UNWITNESSED, VANISHED, WELL, withMore } from "./row.ts";
import type { Scene } from "./scene.ts";

/** Longer than a recorder's grace. */
const LONGER_THAN_GRACE_MS = 900;

const signals: readonly Row[] = [
  { name: "the server gets SIGKILL", expected: killed(), act: ({ bob }) => kill("KILL", bob) },
  {
    name: "the server gets SIGSEGV",
    // A host that collects core dumps knows more than a client.
    expected: {
      parent: { records: [CRASHED] },
      client: { records: [`${VANISHED} | ${VANISHED.replace("unknown", "crashed")}`] },
    },
    act: ({ bob }) => kill("SEGV", bob),
  },
  { name: "the server gets SIGTERM", expected: both({ records: [ORDERLY] }), act: ({ bob }) => kill("TERM", bob) },
  {
    name: "the server gets SIGHUP, and survives",
    expected: both({ lives: WELL }),
    act: async ({ bob }) => {
      signal("HUP", bob.server);
      await answers(bob);
    },
  },
  {
    name: "the server is stopped for longer than the grace, then goes on",
    expected: both({ lives: WELL }),
    act: async ({ bob }) => {
      signal("STOP", bob.server);
      // The row is about this time itself: no event marks it.
      await Bun.sleep(LONGER_THAN_GRACE_MS);
      signal("CONT", bob.server);
      await answers(bob);
    },
  },
];

const orders: readonly Row[] = [
  {
    name: "an outsider's kill-server",
    expected: both({ records: [ORDERLY] }),
    act: async ({ bob }) => {
      await callOutside(bob, "kill-server");
      await untilGone(bob.server);
    },
  },
  {
    name: "an outsider's kill-session",
    expected: both({ records: [ORDERLY] }),
    act: async ({ bob }) => {
      await callOutside(bob, "kill-session", "-t", "=claude-bob");
      await untilGone(bob.server);
    },
  },
];

/** Both end by SIGTERM, so the client's end says nothing about the server. A server that ends late is recorded as unknown. */
const SWEPT_ORDERLY: Row["expected"] = { client: { records: [`${ORDERLY} | ${ORDERLY.replace("orderly-exit", "unknown")}`] } };

const sweeps: readonly Row[] = [
  { name: "one kill -TERM sweeps client and server", expected: SWEPT_ORDERLY, act: (scene) => sweep("TERM", scene, "client") },
  { name: "one kill -TERM sweeps server and client", expected: SWEPT_ORDERLY, act: (scene) => sweep("TERM", scene, "server") },
  {
    name: "one kill -KILL sweeps client and server",
    expected: { client: { records: [SWEPT] } },
    act: (scene) => sweep("KILL", scene, "client"),
  },
  {
    // The client may see the connection drop before it is killed itself.
    name: "one kill -KILL sweeps server and client",
    expected: { client: { records: [`${SWEPT} | ${VANISHED}`] } },
    act: (scene) => sweep("KILL", scene, "server"),
  },
  {
    name: "one kill -KILL sweeps server and recorder, and supervise runs twice",
    expected: both({ records: [UNWITNESSED] }),
    act: async (scene) => {
      signal("KILL", scene.bob.server, recorderOf(scene.bob)!);
      await untilGone(scene.bob.server);
      await scene.iapeer("supervise", "--once");
      if (readRecords(scene).length !== 1) throw new Error(`the first supervise left ${JSON.stringify(readRecords(scene))}`);
      await scene.iapeer("supervise", "--once");
    },
  },
];

const replacements: readonly Row[] = [
  {
    name: "the server is killed and launched anew within the grace",
    expected: withMore(killed(), { lives: ["bob's successor, watched"], canary: ["armed launch parent"] }),
    graceMs: 1000,
    act: async ({ bob, launch }) => {
      await kill("KILL", bob);
      await launch("bob's successor", { personality: "bob" });
    },
  },
  {
    name: "the server is killed and an outsider's takes its socket within the grace",
    expected: withMore(killed(), { lives: ["an outsider's server"] }),
    graceMs: 1000,
    act: async (scene) => {
      await kill("KILL", scene.bob);
      await callOutside(scene.bob, "new-session", "-d", "-s", "claude-bob", "cat");
      const pid = Number(await callOutside(scene.bob, "display-message", "-p", "#{pid}"));
      scene.track("an outsider's server", readProcess(pid)!);
    },
  },
  {
    name: "the socket is deleted, supervise runs, and then the server dies",
    expected: killed(),
    act: async ({ bob, iapeer }) => {
      rmSync(bob.socket);
      await iapeer("supervise", "--once");
      await kill("KILL", bob);
    },
  },
];

async function kill(name: string, { server }: Scene["bob"]): Promise<void> {
  signal(name, server);
  await untilGone(server);
}

/** A server answers only after it has handled the signals that came before. */
async function answers(bob: Scene["bob"]): Promise<void> {
  await callOutside(bob, "list-sessions");
}

async function sweep(name: string, { bob }: Scene, first: "server" | "client"): Promise<void> {
  const client = await clientOf(bob);
  signal(name, ...(first === "server" ? [bob.server, client] : [client, bob.server]));
  await untilGone(bob.server, client);
  await until("the recorder has decided", () => recorderOf(bob) === undefined);
}

export const SERVER_ROWS: readonly Row[] = [...signals, ...orders, ...sweeps, ...replacements];
