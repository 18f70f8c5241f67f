import { dirname } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import type { Checked } from "../text/fields.ts";
import { parseStrictJson, renderJson } from "../text/json.ts";
import { JsonProblem } from "../text/json-problem.ts";
import { writeAtomically } from "./atomic-write.ts";
import { makeFolder } from "./files.ts";
import { inspectTrusted, type Refusal, type TrustedFile } from "./trust.ts";

/** One kind of JSON file that only this user writes: its name, its check, and its errors. */
export interface StateFile<T> extends TrustedFile {
  /** Finds the value in the JSON of a file. It must not throw. */
  readonly check: (json: unknown) => Checked<T>;
  /** Reverses check. Default: the JSON is the value. */
  readonly toJson?: (value: T) => unknown;
  /** Makes the error for JSON that the check refuses. Default: an error with the code for an unreadable file. */
  readonly explain?: (path: string, why: string) => IapeerError;
}

/** The bytes of a state file, with their value or the reason why they have none. */
export type ParsedState<T> =
  | { readonly kind: "found"; readonly value: T; readonly bytes: Uint8Array }
  | { readonly kind: "invalid"; readonly error: IapeerError; readonly bytes: Uint8Array };

/** The state at a path: missing, misplaced, unreadable, insecure, invalid or found. */
export type StateReading<T> = { readonly kind: "missing" } | Refusal | ParsedState<T>;

/**
 * Reads a state file. Every problem of the file is in the result.
 *
 * @throws IapeerError `too-few-descriptors`: nothing is known of the file.
 *
 * @example
 * const claim = goodState(readState(paths.claim, claimFile)); // undefined unless one is there that reads
 * const fleet = stateOf(readState(path, appliedFile)); // undefined for a missing file; throws for a bad one
 */
export function readState<T>(path: string, file: StateFile<T>): StateReading<T> {
  const reading = inspectTrusted(path, file);
  return reading.kind === "found" ? parseState(reading.bytes, path, file) : reading;
}

function parseState<T>(bytes: Uint8Array, path: string, file: StateFile<T>): ParsedState<T> {
  const checked = checkBytes(bytes, file);
  if (checked.ok) return { kind: "found", value: checked.value, bytes };
  return { kind: "invalid", error: (file.explain ?? explainBy(file))(path, checked.why), bytes };
}

function checkBytes<T>(bytes: Uint8Array, { check }: StateFile<T>): Checked<T> {
  let json: unknown;
  try {
    json = parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof JsonProblem) return { ok: false, why: error.message };
    throw error;
  }
  return check(json);
}

function explainBy<T>({ what, unreadable = "state-untrusted" }: StateFile<T>): (path: string, why: string) => IapeerError {
  return (path, why) => new IapeerError(unreadable, `${what} ${path} ${why}`, { details: { path } });
}

/**
 * The value of a reading; undefined for a missing file.
 *
 * @throws IapeerError for a file that is insecure, unreadable or invalid.
 */
export function stateOf<T>(reading: StateReading<T>): T | undefined {
  if (reading.kind === "missing") return undefined;
  if (reading.kind === "found") return reading.value;
  throw reading.error;
}

/** The value of a reading; undefined for a file that is missing, misplaced, insecure, unreadable or invalid. */
export function goodState<T>(reading: StateReading<T>): T | undefined {
  return reading.kind === "found" ? reading.value : undefined;
}

/** The text of a state file. Reading it gives the same value. */
export function renderState<T>(value: T, { toJson }: StateFile<T>): string {
  return renderJson(toJson === undefined ? value : toJson(value));
}

/**
 * Writes a state file whole or not at all, mode 0600, and makes its folder when that is missing.
 *
 * @throws IapeerError `write-failed`.
 */
export function writeState<T>(path: string, value: T, file: StateFile<T>): void {
  makeFolder(dirname(path));
  writeAtomically(path, renderState(value, file));
}
