import type { Agent } from "../../src/model/agent.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import type { Sandbox } from "./sandbox.ts";

/** Has it that a fleet of these agents was applied: persistent ones of this host, where nothing else is said. */
export function applyAgents(sandbox: Sandbox, ...agents: readonly (string | (Partial<Agent> & Pick<Agent, "name">))[]): void {
  const whole = agents.map((agent): Agent => ({
    class: "tester",
    runtime: "claude",
    isPersistent: true,
    ...(typeof agent === "string" ? { name: agent } : agent),
  }));
  writeApplied(layoutFrom(sandbox.env), { file: `${sandbox.root}/fleet.yaml`, agents: whole, left: [] });
}
