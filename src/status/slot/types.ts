/** A command of the provider: an absolute program, and arguments that may hold `{cwd}` and other placeholders. */
export interface ProviderBlock {
  readonly command: string;
  readonly args: readonly string[];
}

/** The older form of a declaration: a plugin that the runtimes' own command lines install. */
export interface PluginBlock {
  readonly name: string;
  readonly marketplace: string;
  readonly marketplaceRef?: string;
}

/** The declaration of the host's memory provider (contract 5), without the blocks that had to be ignored. */
export interface Slot {
  readonly provider: string;
  readonly package: string;
  readonly version: string;
  readonly registeredAt?: string;
  readonly heartbeat?: string;
  readonly provision?: ProviderBlock;
  readonly unprovision?: ProviderBlock;
  readonly plugin?: PluginBlock;
}

export type SlotProblemCode =
  | "not-json"
  | "not-an-object"
  | "missing-field"
  | "wrong-type"
  | "empty-string"
  | "not-absolute"
  | "unknown-field"
  | "unknown-placeholder"
  | "command-not-executable"
  | "nothing-to-run"
  | "no-way-back"
  | "plugin-ignored"
  | "slot-insecure"
  | "unreadable";

/** One problem of a declaration. An error makes the slot empty, or a block absent; a warning changes nothing. */
export interface SlotProblem {
  readonly code: SlotProblemCode;
  readonly message: string;
  /** The keys that lead to the problem, from the top: `["provision", "args", 1]`. */
  readonly path: readonly (string | number)[];
  readonly severity: "error" | "warning";
}

/** A parsed declaration and its problems. */
export interface CheckedSlot {
  /** undefined when the slot is empty. */
  readonly slot: Slot | undefined;
  readonly problems: readonly SlotProblem[];
}

/** A place in a file. Lines and columns count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A problem, and where it stands in the declaration's file. */
export interface LocatedProblem extends SlotProblem {
  /** The wrong value, or the object that lacks one. */
  readonly location: Location;
}

/** A declaration that was read from a file. Pass it on; do not read it again. */
export interface SlotReading extends CheckedSlot {
  readonly path: string;
  /** The file's text; left out where it could not be read. */
  readonly text?: string;
  readonly isMissing?: boolean;
}
