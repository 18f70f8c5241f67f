import { mkdirSync, readFileSync } from "node:fs";
import { createRunner, type Runner } from "../../src/core/process/runner.ts";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import type { ProvisionContext, Target } from "../../src/provision/attach.ts";
import type { ProviderTools } from "../../src/provision/provider-command.ts";
import type { Slot } from "../../src/status/slot/types.ts";
import { GUARD_ARGV } from "./sandbox.ts";
import { openScratch } from "./scratch.ts";
import { writeScript } from "./script-file.ts";

/** A host of its own for tests of provisioning: real commands, no CLI. */
export interface Host extends Disposable {
  readonly layout: Layout;
  readonly runner: Runner;
  readonly tools: ProviderTools;
  readonly warnings: string[];
  at(...names: readonly string[]): string;
  peer(personality: string, ...runtimes: readonly string[]): Target;
  /** A provider's command: an sh script that finds this host's folder in $host. */
  provider(name: string, body: string): string;
  context(slot: Partial<Slot>, signal?: AbortSignal): ProvisionContext;
  /** The lines of a file in the host's folder. */
  lines(name: string): string[];
  /** The lines of the lifecycle log. */
  events(): Record<string, string>[];
}

export function openHost(): Host {
  const scratch = openScratch();
  const env = {
    HOME: scratch.at("home"),
    CODEX_HOME: scratch.at("codex"),
    IAPEER_ROOT: scratch.at("root"),
    IAPEER_TEST_SANDBOX: "1",
    PATH: scratch.at("bin"),
  };
  const layout = layoutFrom(env);
  const warnings: string[] = [];
  const runner = createRunner(GUARD_ARGV);
  const tools = {
    runner,
    log: { path: layout.lifecycleLog, rotation: { maxBytes: 1e9, keep: 1 } },
    warn: (message: string) => void warnings.push(message),
  };
  const read = (path: string) => readFileSync(path, "utf8");
  return {
    layout,
    runner,
    tools,
    warnings,
    at: (...names) => scratch.at(...names),
    peer: (personality, ...runtimes) => {
      const cwd = scratch.at("peers", personality);
      mkdirSync(cwd, { recursive: true });
      return { personality, cwd, runtimes };
    },
    provider: (name, body) => writeScript(scratch.at(name), `host='${scratch.path}'\n${body}`),
    context: (slot, signal) => ({
      layout,
      env,
      slot: { provider: "mem", package: "@x/mem", version: "1.0.0", ...slot },
      tools,
      ...(signal !== undefined && { signal }),
    }),
    lines: (name) => read(scratch.at(name)).trimEnd().split("\n"),
    events: () => parseEvents(read(layout.lifecycleLog)),
    [Symbol.dispose]: () => {
      runner.close();
      scratch[Symbol.dispose]();
    },
  };
}
