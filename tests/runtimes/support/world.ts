import { join } from "node:path";
import { findProgram, PINS, type RealRuntime } from "../../../scripts/runtimes/programs.ts";
import { ok } from "../../support/calls.ts";
import { openSandbox, type Sandbox, until } from "../../support/sandbox.ts";
import { callOutside, processesOf } from "../../support/session.ts";
import { type ModelApi, openModelApi, type Reply } from "./model-api.ts";
import { openWeb, type Web } from "./web.ts";

/** One look at the agent's pane. */
export interface Look {
  readonly size: string;
  /** The agent draws on the alternate screen. */
  readonly isAlternate: boolean;
  readonly cursor: { readonly isVisible: boolean; readonly x: number; readonly y: number };
  readonly lines: readonly string[];
}

/** A real runtime as the peer bob, in a sandbox, with a local API and no other network. */
export interface World extends AsyncDisposable {
  readonly runtime: RealRuntime;
  readonly sandbox: Sandbox;
  readonly api: ModelApi;
  readonly web: Web;
  /** Bob's folder. */
  readonly folder: string;
  /** The identity's session, for callOutside. */
  readonly session: { readonly sandbox: Sandbox; readonly socket: string };
  launch(...args: readonly string[]): Promise<void>;
  look(): Promise<Look>;
  /** One line of the screen, with its colours. */
  lookStyled(row: number): Promise<string>;
  press(...keys: readonly string[]): Promise<void>;
  type(text: string): Promise<void>;
  /** Waits for words on the screen. */
  shows(words: RegExp, timeoutMs?: number): Promise<void>;
}

/** The last 20 characters of the key are what claude stores of a key that a person approved. */
export const API_KEY = "sk-ant-api03-of-a-test-0123456789abcdefghij";

/** The words that have the model answer otherwise than with a short text. */
export function chooseReply(said: string): Reply {
  const command = /Please run: (.*)/.exec(said)?.[1];
  if (command !== undefined) return { kind: "shell", command };
  if (said.includes("Take your time")) return { kind: "held", text: "Working on step" };
  return { kind: "text", text: "All right." };
}

export async function openWorld(
  runtime: RealRuntime,
  answerWeb?: (url: string) => object | undefined,
): Promise<World> {
  const sandbox = openSandbox();
  const api = openModelApi(chooseReply);
  const web = await openWeb(sandbox.folder, answerWeb);
  const program = findProgram(runtime);
  if (program === undefined) throw new Error(`${runtime} ${PINS[runtime].version} is not installed: npm run test:runtimes`);
  Object.assign(sandbox.env, web.env, {
    [`IAPEER_${runtime.toUpperCase()}_BIN`]: program,
    IAPEER_CANARY_GRACE_MS: "300",
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: API_KEY,
    OPENAI_API_KEY: API_KEY,
    TZ: "UTC",
    SHELL: "/bin/sh",
  });
  const identity = `${runtime}-bob`;
  const session = { sandbox, socket: join(sandbox.root, "socks", `tmux-iap-${identity}.sock`) };
  const target = `=${identity}:`;
  const call = async (...args: readonly string[]) => await callOutside(session, ...args);
  const FACTS = "#{pane_width}x#{pane_height} #{alternate_on} #{cursor_flag} #{cursor_x} #{cursor_y}";
  const look = async (): Promise<Look> => {
    const [facts = "", ...lines] = (
      await call("display-message", "-p", "-t", target, FACTS, ";", "capture-pane", "-p", "-t", target)
    ).split("\n");
    const [size = "", isAlternate, isVisible, x, y] = facts.split(" ");
    return {
      size,
      isAlternate: isAlternate === "1",
      cursor: { isVisible: isVisible === "1", x: Number(x), y: Number(y) },
      lines: lines.map((line) => line.trimEnd()),
    };
  };
  await ok(sandbox, "add", "bob", "--runtime", runtime);
  return {
    runtime,
    sandbox,
    api,
    web,
    folder: join(sandbox.root, "peers", "bob"),
    session,
    launch: async (...args) => void (await ok(sandbox, "launch", "bob", ...(args.length > 0 ? ["--", ...args] : []))),
    look,
    lookStyled: async (row) => await call("capture-pane", "-p", "-e", "-t", target, "-S", String(row), "-E", String(row)),
    press: async (...keys) => void (await call("send-keys", "-t", target, ...keys)),
    type: async (text) => void (await call("send-keys", "-l", "-t", target, text)),
    shows: async (words, timeoutMs = 60_000) => {
      let last: Look | undefined;
      const isShown = async () => words.test((last = await look()).lines.join("\n"));
      await until(String(words), isShown, timeoutMs).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${last?.lines.filter((line) => line !== "").join("\n")}`);
      });
    },
    [Symbol.asyncDispose]: async () => {
      await sandbox.iapeer("stop", "--all");
      await until("nothing of the sandbox runs", () => processesOf(sandbox).length === 0, 20_000);
      await api[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
      sandbox[Symbol.dispose]();
    },
  };
}
