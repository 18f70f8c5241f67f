/** The numbers of agents that a fleet must have, as its file says. */
export interface Policy {
  /** The exact number of agents of the class orchestrator. */
  readonly orchestrators: number;
  /** The least number of agents of the class enhancer. */
  readonly minEnhancers: number;
}

/** The place of an agent on another host. */
export interface Remote {
  readonly host: string;
  /** `[user@]host`, as ssh takes it. It never begins with a dash, and needs no quoting. */
  readonly ssh: string;
  /** A socket's name (`tmux -L`), or an absolute path (`tmux -S`). */
  readonly socket?: string;
}

/** An agent of a fleet, as it is declared and as it was applied. */
export interface Agent {
  readonly name: string;
  readonly class: string;
  readonly runtime: string;
  readonly modelHint?: string;
  /** Absolute; for a remote agent as it stands in the file. undefined: iapeer's own default folder. */
  readonly workingDirectory?: string;
  /** True: other agents that say so too may have its folder. Left out: it has the folder for itself. */
  readonly sharesFolder?: boolean;
  /** True: it starts at boot. */
  readonly isPersistent: boolean;
  /** Present: the agent belongs to another host. It is listed here, and never launched here. */
  readonly remote?: Remote;
}

/** An agent that is to be written into the fleet file, whose defaults fill in what is left out. Its folder stands as a person typed it. */
export type NewAgent = Pick<Agent, "name" | "class"> & Partial<Agent>;

/** A fleet file without an error, with every default filled in. */
export interface Fleet {
  readonly agents: readonly Agent[];
  /** The one tmux server that all share, by the name of its socket; undefined: one server an identity. */
  readonly socketName?: string;
  readonly policy: Policy | "none";
}

/** The fleet as it was last applied. Sessions and messages go by it: a fleet file that is being edited changes nothing before it is applied. */
export interface AppliedFleet extends Pick<Fleet, "agents" | "socketName"> {
  /** The fleet file that it is from. */
  readonly file: string;
  /** Agents that are no longer declared and are still here: no members, and what --prune takes away. */
  readonly left: readonly Agent[];
  /** How often something else was applied. Left out: nothing of this is recorded yet. */
  readonly revision?: number;
}

/** The two-agent floor, where the file names no policy. */
export const DEFAULT_POLICY: Policy = { orchestrators: 1, minEnhancers: 1 };
export const DEFAULT_RUNTIME = "claude";

const CLASS = /^[a-z][a-z0-9-]{0,31}$/;

export function isClass(text: string): boolean {
  return CLASS.test(text);
}

/** The known classes. Any other class is accepted too, with a warning. */
export const CLASSES = [
  "orchestrator",
  "enhancer",
  "planner",
  "architect",
  "implementer",
  "reviewer",
  "tester",
  "researcher",
  "writer",
  "operator",
  "observer",
] as const;
