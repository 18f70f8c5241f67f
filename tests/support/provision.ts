import { mkdirSync, readFileSync } from "node:fs";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { createRunner } from "../../src/core/process/runner.ts";
import { openTmux } from "../../src/core/tmux.ts";
import type { ProvisionHost, Target } from "../../src/provision/types.ts";
import type { Slot } from "../../src/status/slot/types.ts";
import { GUARD_ARGV } from "./sandbox.ts";
import { openScratch } from "./scratch.ts";
import { writeScript } from "./script-file.ts";

/** A signal that is never aborted. */
export const QUIET: AbortSignal = new AbortController().signal;

/** A host for tests of provisioning, with real commands and without the command line. */
export interface TestHost extends ProvisionHost, Disposable {
  readonly warnings: string[];
  /** The announced total and then "step" or "failed step" for each row, and "close". */
  readonly progressed: (number | string)[];
  at(...names: readonly string[]): string;
  peer(personality: string, ...runtimes: readonly string[]): Target;
  /** A provider's command: an sh script that finds this host's folder in $host. */
  provider(name: string, body: string): string;
  slot(declared: Partial<Slot>): Slot;
  /** The lines of a file in the host's folder. */
  lines(name: string): string[];
  /** The lines of the lifecycle log. */
  events(): Record<string, string>[];
}

export function openHost(): TestHost {
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
  const progressed: (number | string)[] = [];
  const runner = createRunner({ argv: GUARD_ARGV, env: process.env });
  const read = (path: string) => readFileSync(path, "utf8");
  return {
    layout,
    env,
    tmux: openTmux(env),
    runner,
    now: () => new Date(),
    lockTimeoutMs: 5000,
    by: () => "person:somebody",
    log: { path: layout.lifecycleLog, rotation: { maxBytes: 1e9, keep: 1 } },
    tell: {
      warn: (line) => void warnings.push(line),
      note: () => undefined,
      progress: (total) => {
        progressed.push(total);
        return {
          step: (hasFailed) => void progressed.push(hasFailed ? "failed step" : "step"),
          close: () => void progressed.push("close"),
        };
      },
    },
    warnings,
    progressed,
    at: (...names) => scratch.at(...names),
    peer: (personality, ...runtimes) => {
      const cwd = scratch.at("peers", personality);
      mkdirSync(cwd, { recursive: true });
      return { personality, cwd, runtimes };
    },
    provider: (name, body) => writeScript(scratch.at(name), `host='${scratch.path}'\n${body}`),
    slot: (declared) => ({ provider: "mem", package: "@x/mem", version: "1.0.0", ...declared }),
    lines: (name) => read(scratch.at(name)).trimEnd().split("\n"),
    events: () => parseEvents(read(layout.lifecycleLog)),
    [Symbol.dispose]: () => {
      runner.close();
      scratch[Symbol.dispose]();
    },
  };
}
