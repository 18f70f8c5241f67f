import { writeSync } from "node:fs";
import { describeErrno, errnoOf, type ErrorView, IapeerError } from "../model/errors.ts";
import { renderJson } from "../core/text/json.ts";
import type { Env } from "../core/layout.ts";
import { type Colors, createColors } from "./colors.ts";
import { tame } from "../model/characters.ts";

/** The two streams of a verb: results go to stdout, everything else to stderr. */
export interface Output {
  readonly isJson: boolean;
  readonly colors: Colors;
  /** The columns of the terminal on stdout; undefined where stdout is no terminal. */
  readonly width: () => number | undefined;
  /** The rows of that terminal. */
  readonly height: () => number | undefined;
  /** True when stderr is a terminal that a progress bar can be drawn on. */
  readonly canDraw: boolean;
  /** Prints the result: the JSON with --json, else the text, which is rendered only then. Throws `write-failed`. */
  readonly result: (json: unknown, render: () => string) => void;
  /** Prints a text that is the result with --json too, such as a script. False when the reader is gone. Throws `write-failed`. */
  readonly text: (text: string) => boolean;
  /** Prints bytes as they are. False when the reader is gone. Throws `write-failed`. */
  readonly bytes: (bytes: Uint8Array) => boolean;
  /** Prints a line for the person, on stderr. */
  readonly note: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly error: (view: ErrorView) => void;
  /** Writes to stderr as it stands: a progress bar. */
  readonly draw: (text: string) => void;
  /** Writes to stdout as it stands: a screen. False when that failed. */
  readonly drawResult: (text: string) => boolean;
}

export interface Streams {
  readonly isOutTerminal: boolean;
  readonly isErrTerminal: boolean;
}

export function openOutput(isJson: boolean, env: Env, streams: Streams): Output {
  const isDumb = env["TERM"] === "dumb";
  // An empty NO_COLOR counts as none (no-color.org).
  const colorsFor = (isTerminal: boolean) => createColors(isTerminal && !env["NO_COLOR"] && !isDumb);
  const errColors = colorsFor(streams.isErrTerminal);
  return {
    isJson,
    colors: colorsFor(streams.isOutTerminal),
    width: () => (streams.isOutTerminal ? process.stdout.columns : undefined),
    height: () => (streams.isOutTerminal ? process.stdout.rows : undefined),
    canDraw: streams.isErrTerminal && !isDumb,
    result: (json, render) => void writeResult(isJson ? renderJson(json) : withNewline(render())),
    text: (text) => writeResult(withNewline(text)),
    bytes: writeResult,
    note: (line) => writeNote(`${line}\n`),
    warn: (line) => writeNote(`${errColors.yellow("warning:")} ${tame(line)}\n`),
    error: (view) => writeNote(isJson ? `${JSON.stringify({ error: view })}\n` : renderError(view, errColors)),
    draw: writeNote,
    drawResult: (text) => writeFully(1, text) === undefined,
  };
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function renderError(view: ErrorView, colors: Colors): string {
  const hint = view.hint === undefined ? "" : `${colors.dim("hint:")} ${tame(view.hint)}\n`;
  return `${colors.red("error:")} ${tame(view.message)}\n${hint}`;
}

function writeResult(result: string | Uint8Array): boolean {
  const error = writeFully(1, result);
  // A reader that ends early (`| head`) is no failure.
  if (error === undefined || errnoOf(error) === "EPIPE") return error === undefined;
  throw new IapeerError("write-failed", `the result could not be written to stdout: ${describeErrno(error)}`, {
    cause: error,
  });
}

function writeNote(text: string): void {
  // A failure is ignored: there is no other place to report it.
  writeFully(2, text);
}

/** Writes the whole result, also into a slow pipe. Returns the error, or undefined. */
function writeFully(fd: number, result: string | Uint8Array): unknown {
  const length = Buffer.byteLength(result);
  let bytes: Uint8Array | undefined = typeof result === "string" ? undefined : result;
  for (let done = 0; done < length;) {
    try {
      // A copy of a text as bytes is only made where a write ends in its middle.
      if (done > 0) bytes ??= Buffer.from(result);
      done += bytes === undefined ? writeSync(fd, result as string) : writeSync(fd, bytes, done);
    } catch (error) {
      // The pipe is full, and another process made it non-blocking.
      if (errnoOf(error) !== "EAGAIN") return error;
      Bun.sleepSync(1);
    }
  }
  return undefined;
}
