import type { Agent } from "../../src/model/agent.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import type { Sandbox } from "./sandbox.ts";

/** Writes down that a fleet of these agents was applied. An agent is a persistent one of this host, unless it says otherwise. */
export function applyAgents(sandbox: Sandbox, ...agents: readonly (string | (Partial<Agent> & Pick<Agent, "name">))[]): void {
  const whole = agents.map((agent): Agent => ({
    class: "tester",
    runtime: "claude",
    isPersistent: true,
    ...(typeof agent === "string" ? { name: agent } : agent),
  }));
  writeApplied(layoutFrom(sandbox.env), { file: `${sandbox.root}/fleet.yaml`, agents: whole, left: [] });
}
