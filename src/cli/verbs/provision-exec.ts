import { resolve } from "node:path";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import type { Env } from "../../core/layout.ts";
import { type Occasion, OCCASIONS } from "../../provision/occasions.ts";
import { type Placeholders, PROVIDER_TIMEOUT_MS, renderArgv, runProvider } from "../../provision/provider-command.ts";
import { parseCount, usage } from "../call.ts";
import { providerTools } from "../../app/app.ts";
import { parseFolder } from "../folder.ts";
import { withInterruption } from "../interruption.ts";
import { defineVerb } from "../verb.ts";

const TIMEOUTS_MS = { min: 1, max: 24 * 60 * 60 * 1000 };

export const provisionExec = defineVerb({
  name: "provision exec",
  summary: "run one command as a provider's command is run, and print its outcome as JSON",
  description:
    "For authors of memory providers. Placeholders in the arguments are replaced, no shell is in between, and at the\n" +
    "limit the command is ended with everything it started. Exit 0: ok, 6: timeout, 1: anything else.",
  options: {
    cwd: { type: "string", value: "D", help: "the peer's folder, for {cwd}", completes: "folders" },
    runtime: { type: "string", value: "R", help: "for {runtime}", completes: "runtimes" },
    personality: { type: "string", value: "P", help: "for {personality}" },
    occasion: { type: "string", value: "O", help: "for {occasion}", choices: OCCASIONS },
    "timeout-ms": { type: "string", value: "N", help: `the limit in milliseconds (default: ${PROVIDER_TIMEOUT_MS})` },
  },
  positionals: [],
  rest: { name: "COMMAND [ARG…]", help: "the command and its arguments" },
  examples: [
    {
      command: "iapeer provision exec --cwd . --runtime claude --personality alice --occasion birth -- /bin/echo {cwd} {runtime}",
      note: "what a provider's command would be told",
    },
  ],
  run: async ({ values, rest }, context) => {
    const placeholders = parsePlaceholders(context.env, values);
    const [command, ...args] = rest;
    if (command === undefined) throw usage(provisionExec, "provision exec needs a command after --");
    const timeoutMs = parseCount(provisionExec, "timeout-ms", values["timeout-ms"], TIMEOUTS_MS) ?? PROVIDER_TIMEOUT_MS;
    const argv = renderArgv({ command: resolveCommand(command, context.env["PATH"]), args }, placeholders);
    return await withInterruption(async ({ signal, exitStatus }) => {
      const outcome = await runProvider({ argv, placeholders, timeoutMs, signal }, providerTools(context));
      context.output.text(JSON.stringify(outcome));
      return exitStatus() ?? (outcome.state === "ok" ? 0 : outcome.state === "timeout" ? 6 : 1);
    });
  },
});

/** All four are needed: a command that is told less than a provider's would be told shows nothing. */
function parsePlaceholders(
  env: Env,
  values: { cwd?: string; runtime?: string; personality?: string; occasion?: string },
): Placeholders {
  const { cwd, runtime, personality, occasion } = values;
  if (cwd === undefined || runtime === undefined || personality === undefined || occasion === undefined) {
    throw usage(provisionExec, "provision exec needs --cwd, --runtime, --personality and --occasion");
  }
  return {
    cwd: parseFolder(cwd, env),
    runtime: parseRuntime(runtime),
    personality: parsePersonality(personality),
    occasion: occasion as Occasion,
  };
}

/** A bare name is looked up on PATH, as a person expects; what is not found is reported by its name. */
function resolveCommand(command: string, path: string | undefined): string {
  if (command.includes("/")) return resolve(command);
  return Bun.which(command, { PATH: path ?? "" }) ?? command;
}
