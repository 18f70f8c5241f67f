// Random messages to a program with dialogs, menus and modes, and what they did there by the program's own log.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deliver } from "../../src/launch/send/send.ts";
import type { Delivery } from "../../src/launch/send/types.ts";
import { IapeerError } from "../../src/model/errors.ts";
import { isReadWithin } from "../../src/launch/send/unread.ts";
import { shiftHeads } from "../../src/launch/send/shift-heads.ts";
import { renderHead } from "../../src/model/party.ts";
import { openTold } from "./app.ts";
import { ok } from "./calls.ts";
import { fixture } from "./fixtures.ts";
import type { Sandbox } from "./sandbox.ts";
import { until } from "./sandbox.ts";
import { callOutside, launchPeer, type Session } from "./session.ts";

export const FACES = ["arrow", "claude", "codex"] as const;
export type Face = (typeof FACES)[number];

const TAKES = ["prompt", "busy", "slow", "redraws"] as const;
const REFUSES = ["half", "dialog", "menu", "search", "shell", "view", "asks", "silent"] as const;
const STATES = [...TAKES, ...REFUSES, "late"] as const;

/** One message, and what came of it. */
export interface Sent {
  readonly state: (typeof STATES)[number];
  readonly text: string;
  readonly result: string;
  readonly effects: readonly { readonly effect: string; readonly text: string }[];
  /** Why that is wrong; undefined when it is right. */
  readonly fault: string | undefined;
}

/** A program of a face, launched as an agent. */
export interface Moods {
  /** Puts the program into a random state, sends a random message, and judges what came of it. */
  readonly send: () => Promise<Sent>;
  /** Puts the program into this state, and sends this message. */
  readonly sendIn: (mood: Mood, text: string, verify: boolean) => Promise<Delivery>;
}

interface Mood {
  readonly name: Sent["state"];
  readonly ms?: number;
}

/** Launches a program as an agent of this name, with random numbers of its own. */
export async function launchMoods(
  sandbox: Sandbox,
  { face, name = face, seed }: { readonly face: Face; readonly name?: string; readonly seed: number },
): Promise<Moods> {
  const [socket, log] = [join(sandbox.folder, `${name}.sock`), join(sandbox.folder, `${name}.log`)];
  const command = sandbox.script(
    `run-${name}`,
    `exec '${process.execPath}' '${fixture("moods.ts")}' ${face} '${socket}' '${log}'`,
  );
  const runtime = face === "arrow" ? "moods" : face;
  sandbox.env[`IAPEER_${face.toUpperCase()}_BIN`] = command;
  if (face === "arrow") sandbox.write(join(sandbox.root, "runtimes/moods/runtime.json"), JSON.stringify({ command }));
  await ok(sandbox, "add", name, "--runtime", runtime);
  const session = await launchPeer(sandbox, name, runtime);
  sandbox.write(log, "");
  const random = randomFrom(seed);
  const { app } = openTold(sandbox);
  const route = { from: { host: "mill", name: "alice" }, to: { host: "mill", name } };
  const sendIn = async (mood: Mood, text: string, verify: boolean): Promise<Delivery> => {
    await change(session, socket, mood);
    const to = { kind: "local", identity: session.identity } as const;
    return await deliver({ route, text }, to, { verify, signal: new AbortController().signal, host: app });
  };
  const tty = await callOutside(session, "display-message", "-p", "-t", `=${session.identity}:`, "#{pane_tty}");
  let effects = 0;
  const send = async (): Promise<Sent> => {
    const state = STATES[random(STATES.length)]!;
    const text = randomText(random);
    const result = await resultOf(sendIn({ name: state, ms: random(400) }, text, random(2) === 0));
    // The program may come to read the last key after the answer.
    await isReadWithin(tty, 5000);
    // Nothing is typed after the answer. The next state's number comes behind all that was.
    await change(session, socket, { name: "prompt" });
    const all = readFileSync(log, "utf8").trimEnd().split("\n").filter(Boolean);
    const own = all.slice(effects).map((line) => JSON.parse(line) as Sent["effects"][number]);
    effects = all.length;
    const sent = { state, text, result, effects: own };
    return { ...sent, text: text.slice(0, 60), fault: judge(sent, renderHead(route)) };
  };
  return { send, sendIn };
}

async function resultOf(delivery: ReturnType<typeof deliver>): Promise<string> {
  try {
    return (await delivery).state;
  } catch (error) {
    if (error instanceof IapeerError)
      return `${error.code}: ${String(error.details?.["why"])}, ${String(error.details?.["input"])}`;
    throw error;
  }
}

function judge({ state, text, result, effects }: Omit<Sent, "fault">, head: string): string | undefined {
  const isMessage =
    effects.length === 1 && effects[0]!.effect === "message" && effects[0]!.text.trimEnd() === head + shiftHeads(text);
  const isNothing = effects.length === 0;
  if (TAKES.some((one) => one === state))
    return isMessage && ["sent", "accepted"].includes(result) ? undefined : "it did not arrive once and whole";
  if (REFUSES.some((one) => one === state))
    return isNothing && result.startsWith("not-at-prompt") ? undefined : "it had an effect";
  const isRace = effects.every(({ effect }) => effect === "race");
  if (isNothing || isRace) return result === "sent" && !isRace ? "it is said to be sent" : undefined;
  return isMessage ? undefined : "it answered the dialog";
}

/** Puts the program into a state, and waits until that shows. */
async function change(session: Session, socket: string, mood: Mood): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const connection = await Bun.connect({ unix: socket, socket: { data: (_, bytes) => resolve(bytes.toString().trim()) } });
  connection.write(JSON.stringify(mood));
  const number = await promise;
  connection.end();
  const isShown = async () =>
    (await callOutside(session, "capture-pane", "-p", "-t", `=${session.identity}:`)).includes(`#${number}.`);
  await until("the state shows", isShown);
}

/** Numbers below a limit, the same for the same seed (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const WORDS = [
  "y",
  "n",
  "1",
  "yes",
  "!ls",
  "/exit",
  "#note",
  "@file",
  "the build is green",
  "é日本",
  "> quoted",
  "a?",
  "[y/N]",
  "─",
  "q",
];

function randomText(random: (below: number) => number): string {
  const length = [1, 3, 12, 60, 400, 1500][random(6)]!;
  const words = Array.from({ length: 1 + random(length) }, () => WORDS[random(WORDS.length)]! + (random(9) === 0 ? "\n" : " "));
  return words.join("").slice(0, 15_000).trim();
}
