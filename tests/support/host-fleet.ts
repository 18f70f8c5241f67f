import type { Agent } from "../../src/model/agent.ts";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ErrorView } from "../../src/model/errors.ts";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import { errorLine } from "./calls.ts";
import { fixture } from "./fixtures.ts";
import type { Host, Hosts } from "./hosts.ts";
import { type Finished, until } from "./sandbox.ts";
import { declareLineReaders } from "./session.ts";

export async function okOn(host: Host, ...args: string[]): Promise<Finished> {
  const finished = await host.iapeer(...args);
  if (finished.status !== 0)
    throw new Error(`iapeer ${args.join(" ")} on ${host.name}: exit ${finished.status}: ${finished.stderr}`);
  return finished;
}

/** Adds a peer on a host and launches it; its agent is the obedient one, or an sh script. */
export async function launchOn(host: Host, name: string, body?: string): Promise<void> {
  host.env["IAPEER_CLAUDE_BIN"] = body === undefined ? fixture("obedient-agent.sh") : host.script(`agent-${name}`, body);
  await okOn(host, "add", name);
  declareLineReaders(host);
  await okOn(host, "launch", name);
}

export const agentOf = (name: string, agentClass: string, more: Partial<Agent> = {}): Agent => ({
  name,
  class: agentClass,
  runtime: "claude",
  isPersistent: false,
  ...more,
});

/** Notes agents as applied on a host, as `fleet apply` does. */
export function applyOn(host: Host, agents: readonly Agent[]): void {
  writeApplied(layoutFrom(host.env), { file: join(host.root, "fleet.yaml"), agents, left: [] });
}

/** Notes on each host a fleet of alice on the first host and bob on the second. */
export function applyBoth(
  { a, b }: Pick<Hosts, "a" | "b">,
  { aliceClass = "orchestrator", socket }: { readonly aliceClass?: string; readonly socket?: string } = {},
): void {
  const at = (host: Host, more = {}) => ({ remote: { host: host.name, ssh: `root@${host.address}`, ...more } });
  applyOn(a, [agentOf("alice", aliceClass), agentOf("bob", "implementer", at(b, socket === undefined ? {} : { socket }))]);
  applyOn(b, [agentOf("alice", aliceClass, at(a)), agentOf("bob", "implementer")]);
}

/** The lines that an agent of launchOn has read. */
export const heard = (host: Host, name: string) =>
  existsSync(join(host.home, `heard-${name}`)) ? readFileSync(join(host.home, `heard-${name}`), "utf8") : "";
export const logOf = (host: Host, name: string) =>
  existsSync(join(host.root, "logs/iapeer", name)) ? parseEvents(readFileSync(join(host.root, "logs/iapeer", name), "utf8")) : [];

/** Has a peer run a command in its session, and returns how that ended. */
export async function runIn(host: Host, name: string, command: string): Promise<{ status: number; output: string }> {
  const file = join(host.home, "ran-status");
  rmSync(file, { force: true });
  await okOn(host, "send", name, "-m", `run ${command}`);
  await until("it has run", () => existsSync(file) && readFileSync(file, "utf8") !== "", 25_000);
  return { status: Number(readFileSync(file, "utf8")), output: readFileSync(join(host.home, "ran"), "utf8") };
}

export const errorOn = async (host: Host, ...args: string[]): Promise<ErrorView & Pick<Finished, "status" | "stdout">> => {
  const end = await host.iapeer(...args, "--json");
  return { ...errorLine(end), status: end.status, stdout: end.stdout };
};
