import { join } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { readTrusted } from "../../core/disk/trust.ts";
import { anyOf, CONTROLS } from "../../model/characters.ts";
import { quoteForMessage } from "../../model/names.ts";
import { TOKEN_VARIABLE } from "../token.ts";
import { splitShellWords } from "./shell-words.ts";
import type { LaunchEnv } from "./types.ts";

/** A launch.env that was read, and its problems. */
export interface ParsedLaunchEnv extends LaunchEnv {
  /** Every problem of the text, with its line. With a problem the rest of the result must not be used. */
  readonly problems: readonly string[];
}

/** The variables that iapeer or tmux sets itself. */
const RESERVED: ReadonlySet<string> = new Set([
  "PEER_PERSONALITY",
  "PEER_RUNTIME",
  "PEER_IDENTITY",
  "TMUX",
  "TMUX_PANE",
  TOKEN_VARIABLE,
  "IAPEER_REPLACED",
]);
const START_ARGS = "PEER_START_ARGS";

/**
 * A peer's `<folder>/.iapeer/runtimes/<runtime>/launch.env`; empty when there is none.
 *
 * @throws IapeerError `launch-env-invalid`, with every problem in its message; `launch-env-insecure`; `read-failed`.
 */
export function readLaunchEnv(peerFolder: string, runtime: string): LaunchEnv {
  const path = join(peerFolder, ".iapeer", "runtimes", runtime, "launch.env");
  const bytes = readTrusted(path, {
    what: "the launch.env",
    unreadable: "launch-env-invalid",
    insecure: "launch-env-insecure",
  });
  if (bytes === undefined) return { variables: {}, startArgs: [] };
  const { problems, ...read } = parseLaunchEnv(decode(bytes, path));
  if (problems.length > 0) throw invalid(path, problems);
  return read;
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(path, ["it is not UTF-8"]);
  }
}

function invalid(path: string, problems: readonly string[]): IapeerError {
  return new IapeerError("launch-env-invalid", `${path}: ${problems.join("; ")}`, {
    hint: "a line is KEY=VALUE, blank, or a # comment; nothing in a value is expanded",
    details: { path, problems },
  });
}

/**
 * Reads lines `KEY=VALUE` or `export KEY=VALUE`, blank lines and `#` comments. It takes off blanks behind a value, and one pair of quotes
 * around a value that holds no such quote. Nothing is expanded. A text that a shell would read in another way is a problem: one behind a
 * closing quote, or one that begins with `#` behind a blank.
 */
export function parseLaunchEnv(text: string): ParsedLaunchEnv {
  const problems: string[] = [];
  const values = new Map<string, string>();
  if (text.startsWith("\ufeff")) problems.push("line 1: begins with a byte order mark");
  for (const [index, line] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    const problem = takeLine(line, values);
    if (problem !== undefined) problems.push(`line ${index + 1}: ${problem}`);
  }
  const startArgs = splitShellWords(values.get(START_ARGS) ?? "");
  if (startArgs === undefined) problems.push(`${START_ARGS}: a quote is not closed, or a backslash ends it`);
  values.delete(START_ARGS);
  return { variables: Object.fromEntries(values), startArgs: startArgs ?? [], problems };
}

const CONTROL = anyOf(CONTROLS);

/** Takes the variable of one line; returns the line's problem. */
function takeLine(line: string, values: Map<string, string>): string | undefined {
  if (/^[ \t]*(?:#|$)/.test(line)) return undefined;
  if (line.endsWith("\r")) return "ends in CRLF; save the file with Unix line ends";
  if (CONTROL.test(line)) return `holds a control character: ${quoteForMessage(line)}`;
  const groups = /^ *(?:export +)?(?<key>[A-Za-z_][A-Za-z0-9_]*)=(?<value>.*?) *$/u.exec(line)?.groups;
  if (groups === undefined) return `is not KEY=VALUE: ${quoteForMessage(line)}`;
  const key = groups["key"]!;
  if (RESERVED.has(key)) return `${key} may not be set here; iapeer sets it`;
  if (values.has(key)) return `${key} is set twice`;
  const value = groups["value"]!;
  const problem = findAmbiguity(value, key === START_ARGS);
  if (problem !== undefined) return `${key} ${problem}`;
  values.set(key, unquote(value));
  return undefined;
}

const QUOTED = /^"(?<double>[^"]*)"$|^'(?<single>[^']*)'$/u;

function unquote(value: string): string {
  const inner = QUOTED.exec(value)?.groups;
  return inner?.["double"] ?? inner?.["single"] ?? value;
}

/** Says what a shell would read in another way. In words of a shell a pair of quotes may stand anywhere, and hold a `#`. */
function findAmbiguity(value: string, isWords: boolean): string | undefined {
  if (QUOTED.test(value)) return undefined;
  const bare = isWords ? value.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\\./gu, "x") : value;
  if (!isWords && /^["']/u.test(value))
    return value.indexOf(value[0]!, 1) === -1
      ? "begins with a quote that is not closed"
      : "has a text behind its closing quote; put the whole value into one pair of quotes that it does not hold";
  return /(?:^| )#/u.test(bare)
    ? "has a # that a shell reads as a comment; put the value into quotes, or the comment on a line of its own"
    : undefined;
}
