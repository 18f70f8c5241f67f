import { knownError, toErrorView } from "../model/errors.ts";
import { GUARD_VERB } from "../core/process/guard-verb.ts";
import { TEARDOWN_VERB } from "../app/teardown-verb.ts";
import { isTerminal } from "../core/libc.ts";
import { ROOT } from "./commands.ts";
import { openOutput, type Output } from "./output.ts";
import { parseWords } from "./route.ts";

/** The argv that starts this program again: the compiled program, or Bun and this file. */
const SELF = import.meta.path.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, import.meta.path];

/** The hidden verb of the completion scripts: `iapeer complete -- WORD…`. */
const COMPLETE_VERB = "complete";

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === GUARD_VERB) return await guard(words[1]!);
  if (words[0] === TEARDOWN_VERB) return await tearDown();
  const isJson = isJsonWanted(words);
  const output = openOutput(isJson, process.env, {
    isOutTerminal: !isJson && isTerminal(1),
    isErrTerminal: !isJson && isTerminal(2),
  });
  try {
    if (words[0] === COMPLETE_VERB) return await complete(words.slice(2));
    return await runWords(words, output);
  } catch (error) {
    return report(error, output);
  }
}

/** Looks for --json before anything is parsed, because parsing may fail. */
function isJsonWanted(words: readonly string[]): boolean {
  const dashes = words.indexOf("--");
  return (dashes === -1 ? words : words.slice(0, dashes)).includes("--json");
}

async function guard(family: string): Promise<number> {
  // A guard has to outlive signals that end every process of this name.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  const { runGuard } = await import("../core/process/guard.ts");
  const { GRACE_MS, KILL_MS } = await import("../core/process/runner.ts");
  await runGuard(console, { family: BigInt(family), graceMs: GRACE_MS, killMs: KILL_MS });
  return 0;
}

/** The longest wait for the caller, which ends as soon as it has printed. */
const CALLER_MS = 5000;

/** Ends a session for a caller inside it. The order comes on stdin, and the end of stdin is the end of the caller. */
async function tearDown(): Promise<number> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  const [{ openApp }, { runTeardown }] = await Promise.all([import("../app/app.ts"), import("../app/teardown.ts")]);
  const nothing = () => undefined;
  const tell = { warn: nothing, note: nothing, progress: () => ({ step: nothing, close: nothing }) };
  const lines: AsyncIterator<string, undefined> = console[Symbol.asyncIterator]();
  const first = await lines.next();
  const app = openApp({ env: process.env, self: SELF, tell });
  await runTeardown(app, {
    order: first.value ?? "",
    answer: (line) => void openOutput(false, {}, { isOutTerminal: false, isErrTerminal: false }).text(line),
    callerGone: async () => void (await Promise.race([lines.next(), Bun.sleep(CALLER_MS)])),
  });
  return 0;
}

async function complete(words: readonly string[]): Promise<number> {
  const { completionTree, normalizeWords } = await import("./completion.ts");
  const normal = normalizeWords(words);
  (await completionTree(process.env, normal)).parse(normal);
  return 0;
}

async function runWords(words: readonly string[], output: Output): Promise<number> {
  if (words.length === 0) {
    const { renderHelp } = await import("./help.ts");
    output.note(await renderHelp(ROOT, output.colors));
    return 2;
  }
  const request = await parseWords(words, output.colors);
  if (request.kind === "page") {
    if (request.json === undefined) output.text(request.text);
    else output.result(request.json, () => request.text);
    return 0;
  }
  const { runVerb } = await import("./run.ts");
  return await runVerb(request.verb, request.call, { output, self: SELF });
}

function report(error: unknown, output: Output): number {
  const known = knownError(error);
  if (known !== undefined) {
    output.error(toErrorView(known));
    return known.exitStatus;
  }
  const stack = error instanceof Error ? error.stack : undefined;
  const hint = "this is a bug in iapeer: please report it with what you typed";
  output.error({ ...toErrorView(error), hint, ...(stack !== undefined && { details: { stack } }) });
  if (stack !== undefined && !output.isJson) output.note(stack);
  return 70;
}

process.exit(await main(process.argv.slice(2)));
