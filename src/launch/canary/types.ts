import type { Witness } from "../recorder/types.ts";

/** The canary of one server, as `canary status` shows it. */
export interface CanaryState {
  readonly armed: boolean;
  readonly witness: Witness | null;
  readonly recorder_pid: number | null;
  readonly since: string | null;
  /** Why it is not armed. */
  readonly reason?: string;
}

/** A live server without a canary, and why it has none. */
export interface Unwatched {
  readonly identity: string;
  readonly reason?: string;
}

/** The outcome of an arming: `armed` now, `already-armed`, or `failed` and why. */
export type Arming = { readonly outcome: "armed" | "already-armed" } | { readonly outcome: "failed"; readonly why: string };
