import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pMap from "p-map";
import { addCounts, type Counts, FAILED, parseJUnitReport } from "./counts.ts";
import { execInOnePiece, ROOT } from "./exec.ts";

const TEST_TIMEOUT_MS = 30_000;
const FILE_TIMEOUT_MS = 300_000;

/** From what the rest stands on to what stands on the rest, so that the first failure is the nearest to its cause. */
const ORDER = ["scripts", "core", "registry", "status", "provision", "launch", "fleet", "cli", "docs", "sandbox", "e2e"];

/** One folder of tests: a crash in it leaves the others alone. */
export interface Suite {
  readonly name: string;
  /** Relative to the repository. */
  readonly files: readonly string[];
}

/** The folders of tests/, with those of their test files whose path holds one of the filters; with no filter, all. */
export function findSuites(filters: readonly string[]): Suite[] {
  const files = [...new Bun.Glob("tests/*/**/*.test.ts").scanSync({ cwd: ROOT })].filter((file) => isWanted(file, filters));
  const suites = Map.groupBy(files.toSorted(), (file) => file.split("/")[1] ?? "");
  return [...suites].map(([name, own]) => ({ name, files: own })).toSorted((a, b) => rank(a) - rank(b));
}

function isWanted(file: string, filters: readonly string[]): boolean {
  return filters.length === 0 || filters.some((filter) => file.includes(filter));
}

/** A folder that ORDER does not name comes last. */
function rank({ name }: Suite): number {
  const index = ORDER.indexOf(name);
  return index === -1 ? ORDER.length : index;
}

/** So many files at once: most tests wait for processes more than they compute. */
const AT_ONCE = 3;

/** Runs a suite, a `bun test` for each of its files, and counts its tests. */
export async function runSuite({ files }: Suite): Promise<Counts> {
  const counts = await pMap(files, runFile, { concurrency: AT_ONCE });
  return counts.reduce(addCounts);
}

/**
 * By Bun's JUnit report. A run that fails although no test did (a file that does not load, an error between tests, a crash, the
 * deadline) has one failure more than its report.
 */
async function runFile(file: string): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "iapeer-report-"));
  try {
    const report = join(folder, "junit.xml");
    const options = [`--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${report}`];
    const argv = [process.execPath, "test", ...options, `./${file}`];
    const ok = await execInOnePiece(argv, { timeoutMs: FILE_TIMEOUT_MS });
    const counts = parseJUnitReport(await readText(report));
    if (counts === undefined) return FAILED;
    return ok || counts.failed > 0 ? counts : addCounts(counts, FAILED);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readText(path: string): Promise<string> {
  const file = Bun.file(path);
  return (await file.exists()) ? await file.text() : "";
}
