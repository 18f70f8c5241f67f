import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pMap from "p-map";
import { addCounts, type Counts, FAILED, parseJUnitReport } from "./counts.ts";
import { execInOnePiece, ROOT } from "./exec.ts";

/** A guard against a hang. No test takes as long on any machine. */
const TEST_TIMEOUT_MS = 240_000;
const FILE_TIMEOUT_MS = process.env["SOAK"] === "1" ? 3_600_000 : 900_000;

/** The folders of tests/, from what the rest stands on to what stands on the rest: the first failure is the nearest to its cause. */
const ORDER = [
  "scripts",
  "model",
  "core",
  "registry",
  "status",
  "boot",
  "provision",
  "launch",
  "fleet",
  "app",
  "cli",
  "docs",
  "sandbox",
  "e2e",
];

/** The files that take longest, the longest first. They start before the others of their folder: none is waited for alone at the end. */
const LONGEST = [
  "pages",
  "session-log",
  "canary-script",
  "send",
  "death-faults",
  "shared-server",
  "fleet-apply",
  "death-matrix",
  "fleet-boot",
  "provider",
  "two-hosts",
  "registry-faults",
  "doctor",
  "namespaces",
  "directive",
  "sessions",
  "reboot",
  "fleet-ps",
];

/** Files that run at once: most tests wait for processes more than they compute. */
const AT_ONCE = 5;

/** The folder of the tests that need programs from the network. They are a command of their own. */
const APART = "runtimes";

/** The test files of `npm test` whose path holds one of the filters, or all without a filter, in the order in which they start. */
export function findFiles(filters: readonly string[]): string[] {
  return pick(
    [...new Bun.Glob("tests/*/**/*.test.ts").scanSync({ cwd: ROOT })].filter((file) => folderOf(file) !== APART),
    filters,
  );
}

/** The same for `npm run test:runtimes`. */
export function findRuntimeFiles(filters: readonly string[]): string[] {
  return pick([...new Bun.Glob(`tests/${APART}/*.test.ts`).scanSync({ cwd: ROOT })], filters);
}

function pick(files: readonly string[], filters: readonly string[]): string[] {
  const wanted = files.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  return wanted.toSorted((a, b) => rank(a) - rank(b) || placeByLength(a) - placeByLength(b) || (a < b ? -1 : 1));
}

/** The folder of tests/ that a test file belongs to. */
export function folderOf(file: string): string {
  return file.split("/")[1] ?? "";
}

/** A folder that ORDER does not name comes last. */
function rank(file: string): number {
  const index = ORDER.indexOf(folderOf(file));
  return index === -1 ? ORDER.length : index;
}

/** Its place in LONGEST, or the one behind. */
function placeByLength(file: string): number {
  const index = LONGEST.findIndex((name) => file.endsWith(`/${name}.test.ts`));
  return index === -1 ? LONGEST.length : index;
}

/** How a test file ended. */
export interface FileResult {
  readonly file: string;
  readonly counts: Counts;
  readonly secs: number;
}

/** Runs test files, each in a `bun test` of its own, so that a crash in one leaves the others alone. */
export async function runFiles(files: readonly string[], onEnd: (result: FileResult) => void): Promise<FileResult[]> {
  const runOne = async (file: string): Promise<FileResult> => {
    const startMs = performance.now();
    const counts = await runFile(file);
    const result = { file, counts, secs: (performance.now() - startMs) / 1000 };
    onEnd(result);
    return result;
  };
  return await pMap(files, runOne, { concurrency: AT_ONCE });
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
