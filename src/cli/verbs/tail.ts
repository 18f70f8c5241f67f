import { sessionLogPath } from "../../core/layout.ts";
import { openSessionTail, type SessionTail } from "../../status/session-tail.ts";
import { parseCount } from "../count.ts";
import { usage } from "../strict.ts";
import type { Context } from "../../app/app.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { pause } from "../../core/process/pause.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { readableLines } from "../../core/text/terminal-text.ts";
import { defineVerb, type Verb } from "../verb.ts";

const DEFAULT_LINES = 20;
const MOST_LINES = 100_000;

export const tail: Verb = defineVerb({
  meta: { name: "tail", description: "show what a session printed last" },
  details: "As lines to read: without colours and other escape sequences, a line that was written over as it stands in the end.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    lines: { type: "string", valueHint: "n", description: `how many lines (default: ${DEFAULT_LINES})` },
    follow: { type: "boolean", description: "go on with what it prints from now on, until Ctrl-C" },
  },
  examples: [
    { command: "iapeer tail alice", note: "the last 20 lines of its session, also of one that has ended" },
    { command: "iapeer tail alice --runtime codex --lines 0 --follow", note: "what it prints from now on" },
  ],
  run: async ({ values, positionals }, context) => {
    const { layout, output } = context;
    const follow = values.follow === true;
    if (follow && output.isJson) throw usage(tail, "tail --follow has no end, and so no JSON");
    const count = parseCount(tail, "lines", values.lines, { min: follow ? 0 : 1, max: MOST_LINES }) ?? DEFAULT_LINES;
    const { identity } = chooseIdentity(tail, { personality: positionals[0]!, runtime: values.runtime }, context);
    using log = openSessionTail(sessionLogPath(layout, identity));
    const { whole, rest } = splitWhole(log.readEnd(count));
    if (whole === "" && rest === "" && !output.isJson) output.note(`no session of ${identity} has printed anything yet`);
    if (follow) return await goOn(log, { whole, rest, count }, context);
    const lines = endedLines(whole + rest).slice(-count);
    output.result({ identity, lines }, () => render(lines));
    return 0;
  },
});

interface Start {
  readonly whole: string;
  readonly rest: string;
  /** How many of the lines that are there already are shown. */
  readonly count: number;
}

/** Between two looks: no longer than a person notices. */
const POLL_MS = 100;
/** A line that is longer has no end that a person waits for. */
const MOST_REST = 64 * 1024;

/** Shows lines as they are ended, until a signal, or until nobody reads them any more. */
async function goOn(log: SessionTail, { whole, rest, count }: Start, { output }: Context): Promise<number> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    let pending = rest;
    let isRead = show(count === 0 ? [] : endedLines(whole).slice(-count), output);
    while (isRead && !signal.aborted) {
      await pause(POLL_MS, signal);
      const split = splitWhole(pending + log.readNew());
      isRead = show(endedLines(split.whole), output);
      pending = split.rest.slice(-MOST_REST);
    }
    return exitStatus() ?? 0;
  });
}

/** The lines of a text; nothing behind its last line end is no line. */
function endedLines(text: string): string[] {
  const lines = readableLines(text);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function show(lines: readonly string[], output: Output): boolean {
  return lines.length === 0 || output.text(render(lines));
}

function render(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** What is ended by a line end, that included, and what is not. */
function splitWhole(text: string): { whole: string; rest: string } {
  const end = text.lastIndexOf("\n") + 1;
  return { whole: text.slice(0, end), rest: text.slice(end) };
}
