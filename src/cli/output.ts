import { writeSync } from "node:fs";
import { errnoOf, type ErrorView } from "../core/errors.ts";
import { renderJson } from "../core/json.ts";
import type { Env } from "../core/paths.ts";
import { type Colors, createColors } from "./colors.ts";

/** Where a verb prints: results on stdout, all else on stderr. */
export interface Output {
  readonly isJson: boolean;
  readonly colors: Colors;
  /** Whether a progress line may be drawn and redrawn. */
  readonly isTerminal: boolean;
  /** The columns of the terminal that results go to; undefined when they go elsewhere. */
  readonly width: () => number | undefined;
  /** The result, as JSON with --json, else as the text that is rendered then. */
  readonly result: (json: unknown, render: () => string) => void;
  /** Text that is the result itself, whatever --json says: a script, a help page. */
  readonly text: (text: string) => void;
  /** To the person, on stderr. */
  readonly note: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly error: (view: ErrorView) => void;
  /** Raw, on stderr: for a progress line. */
  readonly draw: (text: string) => void;
}

export interface Streams {
  readonly isOutTerminal: boolean;
  readonly isErrTerminal: boolean;
}

export function openOutput(isJson: boolean, env: Env, streams: Streams): Output {
  const isColored = (isTerminal: boolean) => isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const colors = createColors(isColored(streams.isOutTerminal));
  const errColors = createColors(isColored(streams.isErrTerminal));
  const err = (text: string) => writeFully(2, text);
  return {
    isJson,
    colors,
    isTerminal: streams.isErrTerminal && env["TERM"] !== "dumb",
    width: () => (streams.isOutTerminal ? process.stdout.columns : undefined),
    result: (json, render) => writeFully(1, isJson ? renderJson(json) : withNewline(render())),
    text: (text) => writeFully(1, withNewline(text)),
    note: (line) => err(`${line}\n`),
    warn: (line) => err(`${errColors.yellow("warning:")} ${line}\n`),
    error: (view) => err(isJson ? `${JSON.stringify({ error: view })}\n` : renderError(view, errColors)),
    draw: err,
  };
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function renderError(view: ErrorView, colors: Colors): string {
  const hint = view.hint === undefined ? "" : `${colors.dim("hint:")} ${view.hint}\n`;
  return `${colors.red("error:")} ${view.message}\n${hint}`;
}

/** All of it, also into a slow pipe; a reader that has gone is no error of ours. */
function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // A pipe that another process made non-blocking and that is full.
      if (errnoOf(error) === "EAGAIN") Bun.sleepSync(1);
      else return;
    }
  }
}
