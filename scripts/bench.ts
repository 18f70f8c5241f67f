// Measures what iapeer costs, side by side with something else at the same time: npm run bench [-- --row NAME]
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { CANARY_ROWS } from "./bench/canary-rows.ts";
import { FLEET_LIVE_ROWS } from "./bench/fleet-live-rows.ts";
import { FLEET_ROWS } from "./bench/fleet-rows.ts";
import { LIVE_ROWS } from "./bench/live-rows.ts";
import { PROVIDER_ROWS } from "./bench/provider-rows.ts";
import { REGISTRY_ROWS } from "./bench/registry-rows.ts";
import { openRig } from "./bench/rig.ts";
import type { Row } from "./bench/row.ts";
import { type Judged, judgeRow, renderResults } from "./bench/results.ts";
import { onStopSignal } from "./stop-signals.ts";

const ROWS = [...REGISTRY_ROWS, ...PROVIDER_ROWS, ...CANARY_ROWS, ...LIVE_ROWS, ...FLEET_ROWS, ...FLEET_LIVE_ROWS];

/** The rows that the arguments ask for. Throws an Error when no row has such a name. */
function chooseRows(argv: readonly string[]): readonly Row[] {
  const { values } = parseArgs({ args: [...argv], options: { row: { type: "string", multiple: true } } });
  const unknown = values.row?.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined) throw new Error(`no row is called ${unknown}`);
  return ROWS.filter(({ name }) => values.row === undefined || values.row.includes(name));
}

function chooseOrExit(argv: readonly string[]): readonly Row[] {
  try {
    return chooseRows(argv);
  } catch (error) {
    console.error(
      `${(error as Error).message}\nusage: npm run bench [-- --row NAME …], with ${ROWS.map(({ name }) => name).join(", ")}`,
    );
    process.exit(2);
  }
}

async function measureAll(rows: readonly Row[]): Promise<Judged[]> {
  using rig = await openRig();
  onStopSignal((status) => {
    rig[Symbol.dispose]();
    process.exit(status);
  });
  const judged: Judged[] = [];
  for (const row of rows) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${row.claim} …`);
    judged.push(judgeRow(row, await row.measure(rig)));
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  return judged;
}

const results = await measureAll(chooseOrExit(process.argv.slice(2)));
const kernel = release().split(".", 2).join(".");
console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${process.platform} ${kernel} ${process.arch}, Bun ${Bun.version}\n`,
);
console.log(renderResults(results));
process.exit(results.every(({ isWithin }) => isWithin) ? 0 : 1);
