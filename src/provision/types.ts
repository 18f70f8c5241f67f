import type { Host } from "../core/host.ts";
import type { Runner } from "../core/process/runner.ts";
import type { Occasion } from "../model/provisioning.ts";

/** The parts of a peer that provisioning needs. */
export interface Target {
  readonly personality: string;
  readonly cwd: string;
  /** Agentic and other runtimes, in the peer's own order. */
  readonly runtimes: readonly string[];
}

/** The result for one peer and one runtime. */
export interface ProvisionRow {
  readonly personality: string;
  readonly runtime: string;
  /** The state of a command, of the older plugin form, or of `native-memory`. */
  readonly state: string;
  readonly detail?: string;
}

/** The host, and the runner of its commands. */
export interface ProvisionHost extends Host {
  readonly runner: Runner;
}

/** The last provider run of an identity, as its file in the state folder holds it. */
export interface ProvisionNote {
  readonly version: 1;
  readonly occasion: Occasion;
  /** The state of a command, or of the older plugin form. */
  readonly state: string;
  readonly detail?: string | undefined;
  readonly provider: string;
  readonly provider_version: string;
  /** ISO 8601, UTC. */
  readonly ts: string;
}

/**
 * The state of the host's memory for one identity, by its last provider run.
 *
 * - `attached`: by the provider and version in the slot; `drifted`: by another one.
 * - `failed`: the last run did not succeed; `none`: nothing was attached, or it was detached again.
 */
export type MemoryState = "attached" | "drifted" | "failed" | "none";

/** The memory of one runtime, and the last run where a note of it reads. */
export type RuntimeMemory = { readonly runtime: string; readonly memory: MemoryState } & Partial<Omit<ProvisionNote, "version">>;
