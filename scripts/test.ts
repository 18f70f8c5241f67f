// Every check and every test: npm test [-- [--only STEP,…] [FILTER…]]
import { parseArgs } from "node:util";
import { CHECKS } from "./test/checks.ts";
import { addCounts, type Counts, NONE, renderCounts } from "./test/counts.ts";
import { stop } from "./test/exec.ts";
import { findFiles, folderOf, runFiles } from "./test/files.ts";
import { onStopSignal } from "./stop-signals.ts";

const USAGE = `usage: npm test [-- [--only STEP,…] [FILTER…]]
  --only STEP,…  only these steps: ${Object.keys(CHECKS).join(", ")}, or a folder of tests/
  FILTER…        only the test files whose path holds one of these words`;

interface Plan {
  /** The names of checks, in the order in which they run. */
  readonly checks: readonly string[];
  readonly files: readonly string[];
}

/** Plans what the arguments ask for. Throws an Error when they ask for nothing that exists. */
function plan(argv: readonly string[]): Plan {
  const { values, positionals } = parseArgs({ args: [...argv], options: { only: { type: "string" } }, allowPositionals: true });
  const files = findFiles(positionals);
  if (positionals.length > 0 && files.length === 0) throw new Error(`no test file matches ${positionals.join(" or ")}`);
  // Tests that are asked for by name need the program that they test, and no other check.
  const checks = Object.keys(CHECKS).filter((name) => positionals.length === 0 || name === "build");
  return values.only === undefined ? { checks, files } : pickSteps({ checks, files }, values.only.split(","));
}

function pickSteps({ checks, files }: Plan, names: readonly string[]): Plan {
  const unknown = names.filter((name) => !checks.includes(name) && !files.some((file) => folderOf(file) === name));
  if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(", ")}`);
  return {
    checks: checks.filter((name) => names.includes(name)),
    files: files.filter((file) => names.includes(folderOf(file))),
  };
}

function planOrExit(argv: readonly string[]): Plan {
  try {
    return plan(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

interface StepResult {
  readonly name: string;
  readonly counts: Counts;
  readonly secs: number;
}

/** Runs all steps, whatever fails. */
async function runSteps({ checks, files }: Plan): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const name of checks) {
    printHead(name);
    const startMs = performance.now();
    const counts = await CHECKS[name]!();
    results.push({ name, counts, secs: (performance.now() - startMs) / 1000 });
    printEnd(results.at(-1)!);
  }
  if (files.length > 0) printHead("tests");
  const tests = await runFiles(files, ({ file, ...result }) => printEnd({ name: file, ...result }));
  return [...results, ...tests.map(({ file, ...result }) => ({ name: file, ...result }))];
}

function printHead(name: string): void {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 70 - name.length))}`);
}

function printEnd({ name, counts, secs }: StepResult): void {
  console.log(`── ${name}: ${renderCounts(counts)} in ${secs.toFixed(1)} s\n`);
}

onStopSignal((status) => {
  stop.abort();
  process.exit(status);
});

const results = await runSteps(planOrExit(process.argv.slice(2)));
const failed = results.filter(({ counts }) => counts.failed > 0).map(({ name }) => name);
if (failed.length > 0) console.log(`failed: ${failed.join(", ")}\n`);
const total = results.map(({ counts }) => counts).reduce(addCounts, NONE);
console.log(renderCounts(total));
process.exit(total.failed > 0 ? 1 : 0);
