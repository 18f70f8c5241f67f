import type { Agent, AppliedFleet, Fleet } from "../../model/agent.ts";
import type { Cause } from "../../model/errors.ts";
import type { Peer } from "../../registry/types.ts";

/** The kind of work for one agent. */
export type Op = "add" | "update" | "unchanged" | "remove";

/** A part of an agent that differs from its declaration: a key of the fleet file, or a memory that is not attached. */
export type Change =
  | "membership"
  | "class"
  | "runtime"
  | "model_hint"
  | "working_directory"
  | "shared_folder"
  | "persistent_persona"
  | "host"
  | "socket_name"
  | "memory";

/** A peer as the registry has it, as far as a plan goes by it. */
export type FoundPeer = Pick<Peer, "personality" | "defaultRuntime" | "runtimes" | "cwd" | "isBeingRemoved">;

/** One agent, and the work for it. */
export interface PlannedRow {
  readonly peer: string;
  readonly op: Op;
  readonly changes: readonly Change[];
  /** As it is declared; undefined for an agent that goes. */
  readonly agent?: Agent;
  /** As it was applied last. */
  readonly before?: Agent;
  /** As it is registered. */
  readonly found?: FoundPeer;
  /** The runtime that its earlier declaration gave it, and that it loses now. */
  readonly leaving?: string;
  /** True for a peer that leaves its folder for another one. */
  readonly isMove: boolean;
  /** The peers whose rows must be done before this one. */
  readonly waitsOn: readonly string[];
}

export interface Plan {
  /** In the order of the file; then those that go. */
  readonly rows: readonly PlannedRow[];
  /** Agents that are no longer declared, and stay. */
  readonly left: readonly Agent[];
}

/** The facts that a plan is made from. */
export interface PlanFacts {
  readonly fleet: Pick<Fleet, "agents" | "socketName">;
  /** undefined: no fleet was ever applied. */
  readonly applied: AppliedFleet | undefined;
  readonly findPeer: (name: string) => FoundPeer | undefined;
  /** True for an agent that is to go once it is no longer declared. */
  readonly isPruned: (name: string) => boolean;
  /** True for a runtime that lacks the memory that it should have. */
  readonly lacksMemory: (name: string, runtime: string) => boolean;
  /** The folder of an agent for which none is declared. */
  readonly defaultFolder: (name: string) => string;
  /** The same text for all paths to one folder. */
  readonly folderKey: (path: string) => string;
}

/** How far a row came: the stage that it ended in, or that failed. */
export type Stage = "check" | "remove" | "register" | "memory" | "record" | "unit" | "launch";

/** The result of one row, as it is printed. */
export interface Row {
  readonly peer: string;
  readonly op: Op;
  /** `planned` is only there in a preview: it would be tried. */
  readonly status: "done" | "unchanged" | "skipped" | "failed" | "planned";
  readonly stage: Stage;
  readonly cause: Cause | null;
  readonly retryable: boolean;
  readonly message: string | null;
}

/** The result of a step that went well. */
export interface Done {
  /** The stage that it ended in. */
  readonly stage: Stage;
  readonly message?: string;
  readonly cause?: Cause;
}

/** How rows are done. Each step throws what stood in its way. */
export interface ApplySteps {
  /** Finds out whether a row can be done, and changes nothing. */
  readonly check: (row: PlannedRow) => void;
  /** Records, before anything is changed, which agents may be here because of this fleet from now on. */
  readonly announce: (added: readonly PlannedRow[]) => void;
  /** Registers the peers of rows with one write of the registry. A registration that fails is thrown by `change` for its row. */
  readonly register: (rows: readonly PlannedRow[]) => Promise<void>;
  /** Does the rest of a row: it registers, updates or removes the peer. `enter` tells the stage. */
  readonly change: (row: PlannedRow, enter: (stage: Stage) => void) => Promise<Done>;
  /** Records the applied fleet: rows that stand, and rows that do not. */
  readonly record: (standing: readonly PlannedRow[], failed: readonly PlannedRow[]) => void;
  /** Brings boot units in step with the applied fleet; returns the peers with a changed unit. Left out where no units are installed. */
  readonly units?: () => Promise<ReadonlySet<string>>;
  /** True for an agent of this host that is to be launched: it is asked for, and not live. */
  readonly isToLaunch: (row: PlannedRow) => boolean;
  /** Launches one agent. Returns false for one that was live already. */
  readonly launch: (row: PlannedRow) => Promise<boolean>;
}

export interface PlanRunOptions {
  /** How many rows at once. */
  readonly jobs: number;
  /** Once aborted, no further row is begun. */
  readonly signal: AbortSignal;
  /** One more row was changed. */
  readonly onRow: (hasFailed: boolean) => void;
}
