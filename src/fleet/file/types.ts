import type { FolderCheck } from "../../core/peer-folder.ts";
import type { Fleet } from "../../model/agent.ts";
import type { PROBLEM_SEVERITY, Severity } from "./severity.ts";

/** One kind of thing that can be wrong with a fleet file. */
export type FleetProblemCode = keyof typeof PROBLEM_SEVERITY;

/** Something wrong, by its place in the file; line and column are counted from 1. */
export interface Problem {
  readonly code: FleetProblemCode;
  readonly message: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The keys from the top with dots between them; empty for the file as a whole. */
  readonly path: string;
  readonly hint?: string;
}

/** The host that a fleet file is checked against. */
export interface Surroundings {
  /** The folder that `~` stands for. */
  readonly home: string;
  /** True for a name or an address of this very host. */
  readonly isThisHost: (host: string) => boolean;
  /** The folder that an agent without one of its own gets. */
  readonly defaultFolder: (name: string) => string;
  readonly whyNoPeerFolder: FolderCheck;
  /** True for a runtime that iapeer can start on this host. */
  readonly hasRuntime: (runtime: string) => boolean;
  /** The one name of a place, links followed, to compare places; the path itself where nothing is there. */
  readonly resolveLinks: (path: string) => string;
}

/** The text of a fleet file, and its origin. */
export interface FleetText {
  readonly text: string;
  /** Its name in problems. */
  readonly file: string;
  /** Its folder, links followed: relative paths start here. */
  readonly base: string;
}

export interface CheckedFleet {
  /** Left out where a problem is an error. */
  readonly fleet?: Fleet;
  /** From the top of the file. */
  readonly problems: readonly Problem[];
}

export interface FleetReading extends CheckedFleet {
  /** The text of the file; left out where it cannot be read. */
  readonly text?: string;
  /** True where nothing is at that path. */
  readonly isMissing?: boolean;
}
