import { describeErrno } from "../../model/errors.ts";
import { quoteForMessage } from "../../model/names.ts";

/** How a command ended. `interrupted`: iapeer was asked to stop (Ctrl-C), and ended the command. */
export type RunState = "ok" | "failed" | "timeout" | "not-executable" | "interrupted";

/** The result of a run (contract 6). */
export interface Outcome {
  readonly state: RunState;
  /** null when a signal ended it, or when it never ran. */
  readonly exitCode: number | null;
  /** The signal that ended it ("SIGTERM"); null for an exit, also one with status 143. */
  readonly signal: string | null;
  /** The last 400 characters of stderr; without any, why it did not run or did not end by itself. */
  readonly detail?: string;
  readonly durationMs: number;
  readonly argv: readonly string[];
}

/** The longest single argument that Linux takes, with its NUL (MAX_ARG_STRLEN, execve(2)). */
const MAX_ARGUMENT_BYTES = 131_072;

/** Why these arguments cannot be passed on unchanged; undefined when they can. */
export function whyNotArguments(argv: readonly string[]): string | undefined {
  for (const [index, argument] of argv.entries()) {
    const why = whyNotArgument(argument);
    if (why !== undefined) return `argument ${index} ${why}: ${quoteForMessage(argument)}`;
  }
  return undefined;
}

function whyNotArgument(argument: string): string | undefined {
  if (argument.includes("\0")) return "holds a NUL character";
  if (!argument.isWellFormed()) return "holds half of a UTF-16 pair and cannot be written in UTF-8";
  const bytes = Buffer.byteLength(argument) + 1;
  if (process.platform === "linux" && bytes > MAX_ARGUMENT_BYTES) {
    return `is ${bytes - 1} bytes, longer than the ${MAX_ARGUMENT_BYTES - 1} that the kernel takes (E2BIG)`;
  }
  return undefined;
}

const START_ERRORS: Readonly<Record<string, string>> = {
  ENOEXEC: "is in no format that this system runs (no #! line, not a program of this machine)",
  ENOENT: "cannot be started: it, or the loader or interpreter it names, does not exist",
  ETXTBSY: "is being written by another process (text file busy)",
  E2BIG: "was given more arguments and environment than the kernel takes (E2BIG)",
  EACCES: "is not executable here (permission denied; perhaps the file system is mounted noexec)",
};

/** Why a program could not be started, in words. */
export function describeStartError(path: string, errno: string | undefined, error: unknown): string {
  const known = errno === undefined ? undefined : START_ERRORS[errno];
  return known === undefined ? `${path} cannot be started: ${describeErrno(error)}` : `${path} ${known}`;
}

const TAIL_CHARACTERS = 400;
/** Room for the tail at four bytes a character, and for white space at its end. */
const TAIL_BYTES = 16_384;

/** Keeps the end of a stream, however long the stream is. */
export class Tail {
  #bytes: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array): void {
    const recent = chunk.subarray(-TAIL_BYTES);
    this.#bytes = Buffer.concat([this.#bytes, recent]).subarray(-TAIL_BYTES);
  }

  /** All the kept text, from the start of a character. */
  whole(): string {
    return new TextDecoder().decode(this.#wholeCharacters());
  }

  /** The last 400 characters, cut between characters, without white space at the end; undefined for none. */
  text(): string | undefined {
    const characters = Array.from(this.whole().trimEnd());
    return characters.length === 0 ? undefined : characters.slice(-TAIL_CHARACTERS).join("");
  }

  /** The kept bytes without the rest of a UTF-8 character whose start was cut off. */
  #wholeCharacters(): Uint8Array {
    let from = 0;
    while (this.#bytes.length === TAIL_BYTES && from < 3 && (this.#bytes[from]! & 0xc0) === 0x80) from += 1;
    return this.#bytes.subarray(from);
  }
}

/** Keeps text up to a bound, and reports the first byte beyond it. */
export class Bounded {
  readonly #chunks: Uint8Array[] = [];
  #left: number;

  constructor(
    bytes: number,
    readonly onOver: () => void,
  ) {
    this.#left = bytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk.subarray(0, this.#left));
    if (chunk.length > this.#left) this.onOver();
    this.#left = Math.max(0, this.#left - chunk.length);
  }

  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }
}
