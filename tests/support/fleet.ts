import { join, resolve } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkFleet, readFleet, surroundingsOf } from "../../src/fleet/file/file.ts";
import type { CheckedFleet, Surroundings } from "../../src/fleet/file/types.ts";

/** A host that no machine has: the machine of the test leaves no trace in the results. */
export const SURROUNDINGS: Surroundings = {
  home: "/home/somebody",
  isThisHost: (host) => host === "here",
  defaultFolder: (name) => `/root/peers/${name}`,
  whyNoPeerFolder: (folder) => (folder === "/" ? "the root of the file system" : undefined),
  hasRuntime: (runtime) => ["claude", "codex", "pi", "opencode"].includes(runtime),
  resolveLinks: (path) => resolve(path),
};

/** Reads a text as the file `/fleets/fleet.yaml`. */
export function checkText(text: string): CheckedFleet {
  return checkFleet({ text, file: "fleet.yaml", base: "/fleets" }, SURROUNDINGS);
}

/** One agent of a fleet file, in YAML's flow style. */
export type AgentText = Readonly<Record<string, string | boolean>>;

/** Writes the sandbox's fleet file, without a policy unless one is named. */
export function writeFleet(
  sandbox: Sandbox,
  agents: readonly AgentText[],
  more: Readonly<Record<string, unknown>> = { policy: "none" },
): string {
  return sandbox.write(`${sandbox.root}/fleet.yaml`, `${JSON.stringify({ version: 1, ...more, agents }, null, 2)}\n`);
}

/** Notes the fleet file of a sandbox's root as applied. Nothing else of `fleet apply` happens. */
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
