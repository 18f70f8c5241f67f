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

/** What a fleet file is checked against, beside itself. */
export interface Surroundings {
  /** What `~` stands for. */
  readonly home: string;
  /** The folder that an agent without one of its own gets. */
  readonly defaultFolder: (name: string) => string;
  /** Whether iapeer could start this runtime on this host. */
  readonly hasRuntime: (runtime: string) => boolean;
  /** The same place by its one name, for comparing; the path itself where nothing is there. */
  readonly resolveLinks: (path: string) => string;
}

/** A fleet file's text, and where it is from. */
export interface FleetText {
  readonly text: string;
  /** What it is called in problems. */
  readonly file: string;
  /** The folder it is really in: what a relative path is relative to. */
  readonly base: string;
}

export interface CheckedFleet {
  /** There is one when no problem is an error. */
  readonly fleet?: Fleet;
  /** Every one, from the top of the file. */
  readonly problems: readonly Problem[];
}

export interface FleetReading extends CheckedFleet {
  /** The file's text, where it could be read. */
  readonly text?: string;
  /** Nothing is at that path. */
  readonly isMissing?: boolean;
}
