// The tests with the real claude and codex: npm run test:runtimes [-- FILTER…]
import { basename } from "node:path";
import { ensureBinary } from "./binary.ts";
import {
  cacheFolder,
  findProgram,
  type Installed,
  installProgram,
  PINS,
  REAL_RUNTIMES,
  type RealRuntime,
} from "./runtimes/programs.ts";
import { addCounts, FAILED, NONE, renderCounts, SKIPPED } from "./test/counts.ts";
import { stop } from "./test/exec.ts";
import { findRuntimeFiles, runFiles } from "./test/files.ts";
import { onStopSignal } from "./stop-signals.ts";

const USAGE = `usage: npm run test:runtimes [-- FILTER…]
  FILTER…  only the test files whose path holds one of these words`;

/** Installs a runtime where it is missing, and says so. */
async function prepare(runtime: RealRuntime): Promise<Installed> {
  const { package: name, version } = PINS[runtime];
  if (findProgram(runtime) === undefined) console.log(`installing ${name}@${version}`);
  const installed = await installProgram(runtime);
  console.log(installed.state === "ready" ? `${runtime} ${version}` : `${runtime} is ${installed.state}: ${installed.why}`);
  return installed;
}

/** The runtime that a test file is about: the first word of its name. */
function runtimeOf(file: string): RealRuntime {
  const found = REAL_RUNTIMES.find((runtime) => basename(file).startsWith(`${runtime}-`));
  if (found === undefined) throw new Error(`${file} is about none of ${REAL_RUNTIMES.join(", ")}`);
  return found;
}

onStopSignal((status) => {
  stop.abort();
  process.exit(status);
});

const filters = process.argv.slice(2);
const files = findRuntimeFiles(filters);
if (files.length === 0 || filters.some((filter) => filter.startsWith("-"))) {
  console.error(`no test file of tests/runtimes matches ${filters.join(" or ")}\n${USAGE}`);
  process.exit(2);
}
// The tests run with another home.
process.env["XDG_CACHE_HOME"] = cacheFolder();
await ensureBinary();
const runtimes = REAL_RUNTIMES.filter((runtime) => files.some((file) => runtimeOf(file) === runtime));
const states = new Map(await Promise.all(runtimes.map(async (runtime) => [runtime, (await prepare(runtime)).state] as const)));
const inState = (state: Installed["state"]) => files.filter((file) => states.get(runtimeOf(file)) === state);
const results = await runFiles(inState("ready"), ({ file, counts, secs }) =>
  console.log(`── ${file}: ${renderCounts(counts)} in ${secs.toFixed(1)} s\n`),
);
const failed = [...results.filter(({ counts }) => counts.failed > 0).map(({ file }) => file), ...inState("failed")];
if (failed.length > 0) console.log(`failed: ${failed.join(", ")}\n`);
const counts = [
  ...results.map((result) => result.counts),
  ...inState("absent").map(() => SKIPPED),
  ...inState("failed").map(() => FAILED),
];
const total = counts.reduce(addCounts, NONE);
console.log(renderCounts(total));
process.exit(total.failed > 0 ? 1 : 0);
