import type { AskedIdentity } from "../choose.ts";

export interface TailRequest extends AskedIdentity {
  /** How many of the lines that are there already. */
  readonly count: number;
}

/** The output of a session, as lines to read. */
export interface PeerTail {
  readonly identity: string;
  readonly lines: readonly string[];
  /** False: its log is empty, or there is none. */
  readonly hasPrinted: boolean;
}

/** The output of a session, byte for byte. */
export interface RawTail {
  readonly identity: string;
  readonly bytes: Uint8Array;
  readonly hasPrinted: boolean;
}

/** A tail of a known session. */
export interface TailOptions {
  readonly identity: string;
  readonly count: number;
}
