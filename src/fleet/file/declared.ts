import { type Agent, DEFAULT_RUNTIME, type Fleet } from "../../model/agent.ts";
import { type AgentRow, toAgent } from "../agent-row.ts";
import { resolveFolder } from "./folders.ts";
import { policyOf } from "./policy.ts";
import type { FleetValues } from "./schema.ts";
import type { FleetText, Surroundings } from "./types.ts";

interface Origin extends Pick<FleetText, "base"> {
  readonly surroundings: Surroundings;
}

/** The fleet of a file whose values are right, with every default filled in. */
export function toFleet(file: FleetValues, origin: Origin): Fleet {
  const socketName = file.tmux?.socket_name;
  return {
    agents: file.agents.map((row) => toDeclared(row, file.defaults, origin)),
    ...(socketName !== undefined && socketName !== "" && { socketName }),
    policy: policyOf(file.policy),
  };
}

function toDeclared(row: AgentRow, defaults: FleetValues["defaults"], { surroundings, base }: Origin): Agent {
  const { name, host } = row;
  const isRemote = host !== undefined && !surroundings.isThisHost(host);
  const text = row.working_directory ?? (isRemote ? undefined : defaults?.working_directory);
  const folder = text === undefined || isRemote ? text : resolveFolder({ text, name, home: surroundings.home, base });
  const { host: _host, ssh: _ssh, socket: _socket, ...local } = row;
  return toAgent({
    ...(isRemote ? row : { ...local, shared_folder: row.shared_folder ?? defaults?.shared_folder }),
    runtime: row.runtime ?? defaults?.runtime ?? DEFAULT_RUNTIME,
    working_directory: folder,
  });
}
