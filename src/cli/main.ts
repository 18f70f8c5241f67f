import { EOL } from "node:os";
import { resolve } from "node:path";
import { isatty } from "node:tty";
import { IapeerError, toErrorView } from "../core/errors.ts";
import { GUARD_VERB, runGuard } from "../core/guard.ts";
import { nearest } from "../core/names.ts";
import { GRACE_MS, KILL_MS } from "../core/runner.ts";
import { findVerb, parseCall } from "./call.ts";
import { COMPLETE_VERB, completionTree } from "./completion.ts";
import { openContext } from "./context.ts";
import { renderOverview, renderVerbHelp } from "./help.ts";
import { openOutput, type Output } from "./output.ts";
import { VERB_GROUPS, VERBS } from "./verbs.ts";
import { VERSION } from "./version.ts";

/** How this program starts itself again: compiled it is the program; from source, Bun and this file. */
const SELF = import.meta.path.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, import.meta.path];

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === GUARD_VERB) return await guard(words[1]!);
  const isJson = isJsonWanted(words);
  const output = openOutput(isJson, process.env, {
    isOutTerminal: isatty(1),
    isErrTerminal: isatty(2),
  });
  try {
    if (words[0] === COMPLETE_VERB) return complete(words.slice(2));
    return await runWords(words, output);
  } catch (error) {
    return report(error, output);
  }
}

/** Before anything is parsed, since the parsing itself may fail. */
function isJsonWanted(words: readonly string[]): boolean {
  const dashes = words.indexOf("--");
  return (dashes === -1 ? words : words.slice(0, dashes)).includes("--json");
}

async function guard(family: string): Promise<number> {
  // It outlives a signal to everything of this program's name: that is what it is for.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  await runGuard(console, { family: BigInt(family), graceMs: GRACE_MS, killMs: KILL_MS });
  return 0;
}

/** What a shell's completion script asks: `complete -- WORD…`. */
function complete(words: readonly string[]): number {
  completionTree(VERBS, process.env, words).parse([...words]);
  return 0;
}

async function runWords(words: readonly string[], output: Output): Promise<number> {
  const { before, after } = splitCommonOptions(words);
  if (after.length === 0) return runBare(before, output);
  const found = findVerb(VERBS, after);
  if (found === undefined) throw unknownCommand(after);
  const call = parseCall(found.verb, [...before, ...found.rest]);
  if (call.wantsHelp) {
    output.text(renderVerbHelp(found.verb, output.colors));
    return 0;
  }
  // A provider's command that calls iapeer must find the same root.
  if (call.root !== undefined) process.env["IAPEER_ROOT"] = resolve(call.root);
  const context = openContext({ env: process.env, output, self: SELF });
  try {
    return await found.verb.run(call, context);
  } finally {
    context.runner.close();
  }
}

/** Options may stand before the verb: `iapeer --root DIR list`. */
function splitCommonOptions(words: readonly string[]): { before: readonly string[]; after: readonly string[] } {
  let index = 0;
  while (index < words.length && words[index]!.startsWith("-")) index += words[index] === "--root" ? 2 : 1;
  return { before: words.slice(0, index), after: words.slice(index) };
}

function runBare(options: readonly string[], output: Output): number {
  if (options.some((option) => option === "--version" || option === "-V")) {
    if (output.isJson) output.result({ version: VERSION }, () => "");
    else output.text(VERSION);
    return 0;
  }
  const stray = options.find((option) => !["--help", "-h", "--json"].includes(option));
  if (stray !== undefined) throw new IapeerError("usage", `iapeer has no option ${stray}`, { hint: "see: iapeer --help" });
  const page = renderOverview(VERB_GROUPS, VERSION, output.colors);
  if (options.includes("--help") || options.includes("-h")) {
    output.text(page);
    return 0;
  }
  output.note(page);
  return 2;
}

function unknownCommand(words: readonly string[]): IapeerError {
  const names = VERBS.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${words[0]} `));
  const near = nearest(words.slice(0, 2).join(" "), names) ?? nearest(words[0]!, names);
  const hint = group.length > 0 ? `one of: ${group.join(", ")}` : near === undefined ? "see: iapeer --help" : `did you mean iapeer ${near}?`;
  return new IapeerError("unknown-command", `iapeer has no command ${JSON.stringify(group.length > 0 ? words.slice(0, 2).join(" ") : words[0])}`, { hint });
}

function report(error: unknown, output: Output): number {
  const view = toErrorView(error);
  output.error(view);
  if (error instanceof IapeerError) return error.exitStatus;
  if (error instanceof Error && error.stack !== undefined) output.note(error.stack.split("\n").join(EOL));
  return 70;
}

process.exit(await main(process.argv.slice(2)));
