// Every check and every test: npm test [-- [--only STEP,…] [FILTER…]]
import { parseArgs } from "node:util";
import { CHECKS } from "./test/checks.ts";
import { addCounts, type Counts, renderCounts } from "./test/counts.ts";
import { stop } from "./test/exec.ts";
import { findSuites, runSuite } from "./test/suites.ts";

const USAGE = `usage: npm test [-- [--only STEP,…] [FILTER…]]
  --only STEP,…  only these steps: ${Object.keys(CHECKS).join(", ")}, or a folder of tests/
  FILTER…        only the test files whose path holds one of these words`;

interface Step {
  readonly name: string;
  readonly run: () => Promise<Counts>;
}

/** The steps that the arguments ask for, in the order they run. Throws an Error when they ask for nothing that exists. */
function planSteps(argv: readonly string[]): Step[] {
  const { values, positionals } = parseArgs({ args: [...argv], options: { only: { type: "string" } }, allowPositionals: true });
  const checks = Object.entries(CHECKS).map(([name, run]) => ({ name, run }));
  const suites = findSuites(positionals).map((suite) => ({ name: suite.name, run: () => runSuite(suite) }));
  if (positionals.length > 0 && suites.length === 0) throw new Error(`no test file matches ${positionals.join(" or ")}`);
  // Tests that are asked for by name need the program that they test, and no other check.
  const steps = [...checks.filter(({ name }) => positionals.length === 0 || name === "build"), ...suites];
  return values.only === undefined ? steps : pickSteps(steps, values.only.split(","));
}

function pickSteps(steps: readonly Step[], names: readonly string[]): Step[] {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(", ")}`);
  return steps.filter(({ name }) => names.includes(name));
}

/** Runs them all, whatever fails, and returns the sum. */
async function runSteps(steps: readonly Step[]): Promise<Counts> {
  let total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const failed: string[] = [];
  for (const { name, run } of steps) {
    console.log(`\n── ${name} ${"─".repeat(Math.max(0, 70 - name.length))}`);
    const startMs = performance.now();
    const counts = await run();
    console.log(`── ${name}: ${renderCounts(counts)} in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    if (counts.failed > 0) failed.push(name);
    total = addCounts(total, counts);
  }
  if (failed.length > 0) console.log(`\nfailed: ${failed.join(", ")}`);
  return total;
}

function planOrExit(argv: readonly string[]): Step[] {
  try {
    return planSteps(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => {
    stop.abort();
    process.exit(status);
  });
}

const total = await runSteps(planOrExit(process.argv.slice(2)));
console.log(`\n${renderCounts(total)}`);
process.exit(total.failed > 0 ? 1 : 0);
