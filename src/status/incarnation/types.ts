import type { ProcessId } from "../../core/process/process-table.ts";

/** The tmux pane that the agent itself runs in. */
export interface AgentPane extends ProcessId {
  /** tmux' own id ("%0"). It names a pane of this server only. */
  readonly id: string;
}

/** One life of an identity's session, from its launch to its end. */
export interface Incarnation {
  readonly version: 1;
  /** A UUID, made new for each launch. */
  readonly incarnation: string;
  readonly identity: string;
  readonly socket: string;
  /** true: the server belongs to others and holds their sessions too. Left out: the server is this identity's own. */
  readonly shared?: boolean;
  readonly launched_at: string;
  /** The boot of the host that it was launched in; empty where that is not known. */
  readonly boot_id: string;
  /** The PID namespace that its processes have their numbers in; left out where there are none, or an earlier version saved it. */
  readonly pid_namespace?: string;
  /** null while the server is being started. */
  readonly server: ProcessId | null;
  /** null until the session stands, and for an adopted server, whose panes are a person's. */
  readonly pane: AgentPane | null;
  /** The model that the agent was started with; left out where none was asked for. */
  readonly model?: string;
  /** The SHA-256 of the token in the agent's environment; left out for an adopted server, whose agent has none. */
  readonly token_hash?: string;
}

/** An incarnation whose server was started. */
export type Running = Incarnation & { readonly server: ProcessId };

/** The files about one incarnation. */
export interface IncarnationPaths {
  readonly folder: string;
  /** The incarnation itself. */
  readonly session: string;
  /** The recorder's script. */
  readonly script: string;
  /** Held by the recorder while it lives. */
  readonly lock: string;
  /** Held by the server while it lives; not there where it could not be handed to the server. */
  readonly serverLock: string;
  /** The recorder's process. */
  readonly canary: string;
  /** Exists while the logger holds the terminal of the agent's pane. */
  readonly held: string;
  /** Exists once this end is wanted. */
  readonly claim: string;
  /** The room of a claim that is not made yet, and of the stop mark: a full disk must not keep an agent running. */
  readonly claimRoom: string;
  readonly stopMarkRoom: string;
  /** Exists once the end is in exits.log. */
  readonly recorded: string;
}
