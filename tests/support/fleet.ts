import { join, resolve } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkFleet, readFleet, surroundingsOf } from "../../src/fleet/file/file.ts";
import type { CheckedFleet, Surroundings } from "../../src/fleet/file/types.ts";

/** A host of no machine: nothing of where the test runs is in what it says. */
export const SURROUNDINGS: Surroundings = {
  home: "/home/somebody",
  defaultFolder: (name) => `/root/peers/${name}`,
  hasRuntime: (runtime) => ["claude", "codex", "pi", "opencode"].includes(runtime),
  resolveLinks: (path) => resolve(path),
};

/** A text as if it were `/fleets/fleet.yaml`. */
export function checkText(text: string): CheckedFleet {
  return checkFleet({ text, file: "fleet.yaml", base: "/fleets" }, SURROUNDINGS);
}

/** What a fleet of a test says of one agent, as YAML's flow style has it. */
export type AgentText = Readonly<Record<string, string | boolean>>;

/** Writes the sandbox's fleet file: no policy unless one is named. */
export function writeFleet(
  sandbox: Sandbox,
  agents: readonly AgentText[],
  more: Readonly<Record<string, unknown>> = { policy: "none" },
): string {
  return sandbox.write(`${sandbox.root}/fleet.yaml`, `${JSON.stringify({ version: 1, ...more, agents }, null, 2)}\n`);
}

/** Makes the fleet file of a sandbox's root the one that was applied last, as `fleet apply` would; nothing else is done. */
export function noteApplied({ env, root }: Pick<Sandbox, "env" | "root">): void {
  const layout = layoutFrom(env);
  const file = join(root, "fleet.yaml");
  const { fleet, problems } = readFleet(file, surroundingsOf(layout, env));
  if (fleet === undefined) throw new Error(`no fleet: ${JSON.stringify(problems)}`);
  writeApplied(layout, {
    file,
    agents: fleet.agents,
    left: [],
    ...(fleet.socketName !== undefined && { socketName: fleet.socketName }),
  });
}
