import { resolve } from "node:path";
import { execProvision } from "../../app/provider.ts";
import type { Env } from "../../core/layout.ts";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { type Occasion, OCCASIONS } from "../../model/provisioning.ts";
import { type Placeholders, PROVIDER_TIMEOUT_MS } from "../../provision/command.ts";
import { parseCount } from "../count.ts";
import { parsePath } from "../path.ts";
import { withInterruption } from "../interruption.ts";
import { defineVerb, type Verb } from "../verb.ts";

const TIMEOUTS_MS = { min: 1, max: 24 * 60 * 60 * 1000 };

export const provisionExec: Verb = defineVerb({
  meta: { name: "provision exec", description: "run a command the way a provider's command is run" },
  details:
    "This is for authors of memory providers. It replaces the placeholders in the arguments, runs the command without a " +
    "shell, and prints the outcome as JSON. At the time limit the command is ended with everything that it started.\n" +
    "Exit 0 for ok, 6 for a timeout, 1 for anything else.",
  args: {
    cwd: { type: "string", valueHint: "dir", required: true, description: "the value of {cwd}: a folder", completes: "folders" },
    runtime: {
      type: "string",
      valueHint: "runtime",
      required: true,
      description: "the value of {runtime}",
      completes: "runtimes",
    },
    personality: { type: "string", valueHint: "name", required: true, description: "the value of {personality}" },
    occasion: { type: "enum", required: true, description: "the value of {occasion}", options: [...OCCASIONS] },
    "timeout-ms": {
      type: "string",
      valueHint: "ms",
      description: `the time limit in milliseconds (default: ${PROVIDER_TIMEOUT_MS})`,
    },
  },
  rest: { name: "COMMAND [ARG…]", description: "the command and its arguments", required: true },
  examples: [
    {
      command:
        "iapeer provision exec --cwd . --runtime claude --personality alice \\\n" +
        "    --occasion birth -- /bin/echo {cwd} {runtime}",
      note: "see what a provider's command would be told",
    },
  ],
  run: async ({ args, rest }, { app, output }) => {
    const placeholders = parsePlaceholders(app.env, args);
    const [word, ...more] = rest as [string, ...string[]];
    const timeoutMs = parseCount(provisionExec, "timeout-ms", args["timeout-ms"], TIMEOUTS_MS) ?? PROVIDER_TIMEOUT_MS;
    const command = word.includes("/") ? resolve(word) : word;
    return await withInterruption(async ({ signal, exitStatus }) => {
      const outcome = await execProvision(app, { command, args: more, placeholders, timeoutMs }, signal);
      output.text(JSON.stringify(outcome));
      return exitStatus() ?? (outcome.state === "ok" ? 0 : outcome.state === "timeout" ? 6 : 1);
    });
  },
});

interface Given {
  readonly cwd: string;
  readonly runtime: string;
  readonly personality: string;
  readonly occasion: Occasion;
}

function parsePlaceholders(env: Env, { cwd, runtime, personality, occasion }: Given): Placeholders {
  return { cwd: parsePath(cwd, env), runtime: parseRuntime(runtime), personality: parsePersonality(personality), occasion };
}
