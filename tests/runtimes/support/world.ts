import { join } from "node:path";
import { findProgram, PINS, type RealRuntime } from "../../../scripts/runtimes/programs.ts";
import { ok } from "../../support/calls.ts";
import { openSandbox, type Sandbox, until } from "../../support/sandbox.ts";
import { processesOf } from "../../support/session.ts";
import { type AgentPane, openAgentPane } from "./agent-pane.ts";
import { type ModelApi, openModelApi, type Reply } from "./model-api.ts";
import { openWeb, type Web } from "./web.ts";

/** A real runtime as the peer bob, in a sandbox, with a local model and no other network. */
export interface World extends AgentPane, AsyncDisposable {
  readonly runtime: RealRuntime;
  readonly sandbox: Sandbox;
  readonly api: ModelApi;
  readonly web: Web;
  /** Bob's folder. */
  readonly folder: string;
  launch(...args: readonly string[]): Promise<void>;
}

/** No account has this key. */
export const API_KEY = "sk-ant-api03-of-a-test-0123456789abcdefghij";

/** The model answers with a short text, unless it is told to use a tool or to take its time. */
function chooseReply(said: string): Reply {
  const command = /Please run: (.*)/.exec(said)?.[1];
  if (command !== undefined) return { kind: "shell", command };
  const [, name, input] = /Please use (\w+): (\{.*\})/.exec(said) ?? [];
  if (name !== undefined) return { kind: "tool", name, input: JSON.parse(input!) as object };
  return said.includes("Take your time") ? { kind: "held", text: "I am at it." } : { kind: "text", text: "All right." };
}

/** Opens a world. Nothing is launched yet. */
export async function openWorld(runtime: RealRuntime): Promise<World> {
  const program = findProgram(runtime);
  if (program === undefined) throw new Error(`${runtime} ${PINS[runtime].version} is not installed: npm run test:runtimes`);
  const sandbox = openSandbox();
  const api = openModelApi(chooseReply);
  const web = await openWeb(sandbox.folder);
  Object.assign(sandbox.env, web.env, {
    [`IAPEER_${runtime.toUpperCase()}_BIN`]: program,
    IAPEER_CANARY_GRACE_MS: "300",
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: API_KEY,
    OPENAI_API_KEY: API_KEY,
    TZ: "UTC",
    SHELL: "/bin/sh",
  });
  await ok(sandbox, "add", "bob", "--runtime", runtime);
  const socket = join(sandbox.root, "socks", `tmux-iap-${runtime}-bob.sock`);
  return {
    ...openAgentPane({ sandbox, socket }, `${runtime}-bob`),
    runtime,
    sandbox,
    api,
    web,
    folder: join(sandbox.root, "peers", "bob"),
    launch: async (...args) => void (await ok(sandbox, "launch", "bob", ...(args.length > 0 ? ["--", ...args] : []))),
    [Symbol.asyncDispose]: async () => {
      await sandbox.iapeer("stop", "--all");
      await until("nothing of the sandbox runs", () => processesOf(sandbox).length === 0, 20_000);
      await api[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
      sandbox[Symbol.dispose]();
    },
  };
}
