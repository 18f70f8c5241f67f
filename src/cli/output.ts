import { writeSync } from "node:fs";
import { describeErrno, errnoOf, type ErrorView, IapeerError } from "../model/errors.ts";
import { renderJson } from "../core/text/json.ts";
import type { Env } from "../core/layout.ts";
import { type Colors, createColors } from "./colors.ts";
import { tame } from "../model/characters.ts";

/** Where a verb prints: results on stdout, all else on stderr. */
export interface Output {
  readonly isJson: boolean;
  readonly colors: Colors;
  /** The columns of the terminal that results go to; undefined when they go elsewhere. */
  readonly width: () => number | undefined;
  /** Its rows, likewise. */
  readonly height: () => number | undefined;
  /** Whether a progress line may be drawn and redrawn on stderr. */
  readonly canDraw: boolean;
  /** The result, as JSON with --json, else as the text that is rendered then. Throws `write-failed`. */
  readonly result: (json: unknown, render: () => string) => void;
  /** Text that is the result itself, whatever --json says: a script, a help page. Whether somebody still reads. Throws `write-failed`. */
  readonly text: (text: string) => boolean;
  /** To the person, on stderr. */
  readonly note: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly error: (view: ErrorView) => void;
  /** Raw, on stderr: for a progress line. */
  readonly draw: (text: string) => void;
  /** Raw, on stdout: for a screen. Whether somebody still sees it. */
  readonly drawResult: (text: string) => boolean;
}

export interface Streams {
  readonly isOutTerminal: boolean;
  readonly isErrTerminal: boolean;
}

export function openOutput(isJson: boolean, env: Env, streams: Streams): Output {
  const isDumb = env["TERM"] === "dumb";
  // An empty NO_COLOR is as good as none (no-color.org).
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

function writeResult(text: string): boolean {
  const error = writeFully(1, text);
  // A reader that has seen enough (`| head`) is no failure.
  if (error === undefined || errnoOf(error) === "EPIPE") return error === undefined;
  throw new IapeerError("write-failed", `what it came to could not be written to stdout: ${describeErrno(error)}`, {
    cause: error,
  });
}

function writeNote(text: string): void {
  // Where stderr itself does not take it there is nobody left to tell.
  writeFully(2, text);
}

/** All of it, also into a slow pipe; or why not. */
function writeFully(fd: number, text: string): unknown {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // A pipe that another process made non-blocking and that is full.
      if (errnoOf(error) !== "EAGAIN") return error;
      Bun.sleepSync(1);
    }
  }
  return undefined;
}
