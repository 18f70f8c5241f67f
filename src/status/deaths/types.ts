/** The cause of an end as far as the evidence goes; `unknown` without evidence. */
export type Verdict = "oom-kill" | "killed" | "crashed" | "failed" | "orderly-exit" | "host-restart" | "unknown";

/** One unclaimed end, as exits.log has it. A field that the record does not have, or has empty, is left out. */
export interface Death {
  /** 8 hex digits. It stays the same when the log is rotated. */
  readonly id: string;
  /** The time of the end, as the record has it. */
  readonly ts: string;
  readonly ev: "session-exit" | "server-exit";
  readonly identity: string;
  readonly cause?: string;
  readonly signal?: string;
  readonly verdict: Verdict;
  readonly dead_status?: number;
  readonly dead_signal?: string;
  readonly server_pid?: number;
  /** Shared by servers that died together: the id of the first of them. */
  readonly incident?: string;
  /** The path of its forensics file. */
  readonly forensics?: string;
  readonly wait_rc?: number;
  readonly witness?: string;
  readonly incarnation?: string;
  readonly lived_secs?: number;
  readonly pane_pid?: number;
}

/** The deaths to read. Default: all. */
export interface DeathQuery {
  /** Only deaths at this time (milliseconds since 1970) or later. */
  readonly sinceMs?: number;
  /** Only deaths of these identities. */
  readonly identities?: readonly string[];
}

/** The forensics of a death. Any of it may hold output of the agent: tame it before it reaches a terminal. */
export interface Forensics {
  /** The evidence for the verdict. */
  readonly reasons: readonly string[];
  readonly sections: readonly ForensicsSection[];
  /** The whole file. */
  readonly text: string;
}

/** A part of a forensics file. */
export interface ForensicsSection {
  readonly name: string;
  readonly text: string;
}

/** Deaths that came together, and their common cause. */
export interface Incident {
  readonly count: number;
  /** The time of the first death. */
  readonly from: string;
  /** The time of the last death. */
  readonly to: string;
  /** The verdict of more than half of them, else `unknown`. */
  readonly verdict: Verdict;
  /** A sentence for a person, with "likely" in it where it is a conclusion. */
  readonly reason: string;
}
