// Plays every way for a session to end, many times over, and compares the records: npm run matrix [-- --runs N] [--row TEXT] [--jobs N]
import { parseArgs } from "node:util";
import pMap from "p-map";
import { ensureBinary } from "../../scripts/binary.ts";
import { CASES } from "./cases.ts";
import { renderResults, renderUnexpected, type Result } from "./results.ts";
import { type Case, type Played, play } from "./play.ts";
import { onStopSignal } from "../../scripts/stop-signals.ts";

const USAGE = `usage: npm run matrix [-- [--runs N] [--row TEXT …] [--jobs N]]
  --runs N    how often each row is played (default: 20)
  --row TEXT  only the rows whose name holds this text
  --jobs N    so many at once (default: 8)`;

interface Plan {
  readonly runs: number;
  readonly jobs: number;
  readonly cases: readonly Case[];
}

/** The runs that the arguments ask for. Throws an Error when no row has such a name. */
function planRuns(argv: readonly string[]): Plan {
  const options = {
    runs: { type: "string", default: "20" },
    jobs: { type: "string", default: "8" },
    row: { type: "string", multiple: true },
  } as const;
  const { values } = parseArgs({ args: [...argv], options });
  const cases = CASES.filter(({ row }) => values.row?.some((text) => row.name.includes(text)) ?? true);
  if (cases.length === 0) throw new Error("no row has such a name");
  return { runs: parseCount(values.runs), jobs: parseCount(values.jobs), cases };
}

function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new Error(`not a number above 0: ${text}`);
  return Number(text);
}

function planOrExit(argv: readonly string[]): Plan {
  try {
    return planRuns(argv);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

/** Plays every case `runs` times. The rows are mixed, so that different rows run side by side. */
async function playAll({ runs, jobs, cases }: Plan, { signal }: AbortController): Promise<Result[]> {
  const played = new Map<Case, Played[]>(cases.map((one) => [one, []]));
  const queue = Array.from({ length: runs }, () => cases).flat();
  let done = 0;
  await pMap(
    queue,
    async (one) => {
      if (signal.aborted) return;
      played.get(one)!.push(await play(one));
      done += 1;
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${done} of ${queue.length} runs`);
    },
    { concurrency: jobs },
  );
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  return cases.map((one) => ({ ...one, played: played.get(one)! }));
}

const plan = planOrExit(process.argv.slice(2));
await ensureBinary();
const interruption = new AbortController();
onStopSignal((status) => interruption.abort(status));
const startMs = performance.now();
const results = await playAll(plan, interruption);
// Every run that had begun has ended, and left nothing behind.
if (interruption.signal.aborted) process.exit(interruption.signal.reason as number);
const unexpected = renderUnexpected(results);
console.log(renderResults(results));
console.log(`\n${plan.cases.length} rows, ${plan.runs} runs each, in ${Math.round((performance.now() - startMs) / 1000)} s`);
if (unexpected !== "") console.log(unexpected);
process.exit(unexpected === "" ? 0 : 1);
