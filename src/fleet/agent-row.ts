import { type Agent, isClass, type NewAgent } from "../model/agent.ts";
import { isHostName, isPersonality, isRuntime, isSocketPlace, isSshDestination } from "../model/names.ts";

/** An agent as the fleet file and the applied fleet write it. In the fleet file, its defaults fill in what is left out. */
export interface AgentRow {
  readonly name: string;
  readonly class: string;
  readonly runtime?: string | undefined;
  readonly model_hint?: string | undefined;
  /** In the fleet file as a person wrote it; in the applied fleet absolute, but for an agent of another host. */
  readonly working_directory?: string | undefined;
  /** True: other agents that say so too may have its folder. */
  readonly shared_folder?: boolean | undefined;
  readonly persistent_persona?: boolean | undefined;
  readonly host?: string | undefined;
  readonly ssh?: string | undefined;
  readonly socket?: string | undefined;
}

/** A rule for a text, and the words for a text that breaks it. */
export interface TextRule {
  readonly isRight: (text: string) => boolean;
  readonly otherwise: string;
}

/** The texts of a row that must be right wherever it is read. */
export const AGENT_TEXTS = {
  name: { isRight: isPersonality, otherwise: "is not a peer's name" },
  class: { isRight: isClass, otherwise: "is not a class" },
  runtime: { isRight: isRuntime, otherwise: "is not a runtime's name" },
  host: { isRight: isHostName, otherwise: "is not a host" },
  ssh: { isRight: isSshDestination, otherwise: "is not what ssh connects to" },
  socket: { isRight: isSocketPlace, otherwise: "is not a socket" },
} as const satisfies Partial<Record<keyof AgentRow, TextRule>>;

/** The row of an agent, with its keys in the order in which the applied fleet has them. */
export function toRow({
  name,
  class: agentClass,
  runtime,
  modelHint,
  workingDirectory,
  sharesFolder,
  isPersistent,
  remote,
}: NewAgent): AgentRow {
  return {
    name,
    class: agentClass,
    ...(runtime !== undefined && { runtime }),
    ...(modelHint !== undefined && { model_hint: modelHint }),
    ...(workingDirectory !== undefined && { working_directory: workingDirectory }),
    ...(sharesFolder !== undefined && { shared_folder: sharesFolder }),
    ...(isPersistent !== undefined && { persistent_persona: isPersistent }),
    ...remote,
  };
}

/** The agent of a row that names its runtime: the reverse of toRow. */
export function toAgent(row: AgentRow & { readonly runtime: string }): Agent {
  const { name, class: agentClass, runtime, model_hint: modelHint, working_directory: folder, host, ssh, socket } = row;
  return {
    name,
    class: agentClass,
    runtime,
    ...(modelHint !== undefined && { modelHint }),
    ...(folder !== undefined && { workingDirectory: folder }),
    ...(row.shared_folder && { sharesFolder: true }),
    isPersistent: row.persistent_persona ?? false,
    ...(host !== undefined && ssh !== undefined && { remote: { host, ssh, ...(socket !== undefined && { socket }) } }),
  };
}
