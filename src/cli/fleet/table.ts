import { needsPerson } from "../../fleet/ps/ps.ts";
import type { Health, PsRow } from "../../fleet/ps/types.ts";
import type { Colors } from "../colors.ts";
import { renderAge, renderDuration } from "../duration.ts";
import { tame } from "../../model/characters.ts";
import { type Cell, type Column, renderTable } from "../table.ts";

export interface FleetTableOptions {
  readonly colors: Colors;
  readonly now: Date;
  /** The columns of the terminal. Without it nothing is cut. */
  readonly width?: number | undefined;
}

const HEALTH_PAINT = {
  healthy: "green",
  silent: "yellow",
  down: "red",
  unknown: "yellow",
  remote: "dim",
} as const satisfies Record<Health, keyof Colors>;

interface PsColumn extends Column {
  readonly cell: (row: PsRow, options: FleetTableOptions) => Cell;
  /** True when the column is left out if all its cells are empty. */
  readonly isOptional?: boolean;
}

const COLUMNS: readonly PsColumn[] = [
  { title: "AGENT", cell: ({ peer }) => peer },
  { title: "CLASS", cuts: "end", cell: (row) => row.class ?? "" },
  { title: "RUNTIME", cell: ({ runtime }) => runtime ?? "" },
  {
    title: "HEALTH",
    cell: ({ health, status }, { colors }) => ({
      painted: colors[HEALTH_PAINT[health]](status === "stopped" ? "down (stopped)" : health),
    }),
  },
  {
    title: "BEAT",
    cell: ({ heartbeat_age_secs: age, health }) => (age === null ? (health === "silent" ? "never" : "") : coarse(age)),
  },
  { title: "UP", cell: ({ up_secs: secs }) => (secs === null ? "" : coarse(secs)) },
  { title: "BOOT", isOptional: true, cell: ({ unit }) => (unit === null || unit === "absent" ? "" : unit) },
  {
    title: "LAST DEATH",
    isOptional: true,
    cuts: "end",
    cell: ({ last_death: death }, { now }) => (death === null ? "" : `${death.verdict} ${renderAge(death.ts, now)}`),
  },
  {
    title: "HOST",
    isOptional: true,
    cuts: "start",
    cell: ({ status, tenant, host }) => (status === "remote" ? [tenant, host].filter((word) => word !== null).join("@") : ""),
  },
];

/** Renders seconds in their largest unit alone: "12 s", "5 min", "3 h", "2 d". */
function coarse(secs: number): string {
  const unit = [86_400, 3600, 60].find((one) => secs >= one) ?? 1;
  return renderDuration(secs - (secs % unit));
}

/** Renders the table and the notes below it. */
export function renderFleet(rows: readonly PsRow[], options: FleetTableOptions): string {
  return [renderFleetTable(rows, options), "", ...renderFleetNotes(rows, options.colors)].join("\n");
}

/** Renders a row for each agent. */
export function renderFleetTable(rows: readonly PsRow[], options: FleetTableOptions): string {
  const cells = COLUMNS.map((column) => rows.map((row) => column.cell(row, options)));
  const shown = COLUMNS.map((_, i) => i).filter((i) => !COLUMNS[i]!.isOptional || cells[i]!.some((cell) => cell !== ""));
  return renderTable(
    shown.map((i) => COLUMNS[i]!),
    rows.map((_, row) => shown.map((i) => cells[i]![row]!)),
    { paintTitle: options.colors.bold, width: options.width },
  );
}

/** Renders what differs from the file, then the count of each health. */
export function renderFleetNotes(rows: readonly PsRow[], colors: Colors): string[] {
  return [...renderUnknown(rows, colors), ...renderDrift(rows, colors), renderCounts(rows)];
}

/** Renders why the state of agents is unknown. Agents with the same reason share a line. */
function renderUnknown(rows: readonly PsRow[], colors: Colors): string[] {
  const unknown = rows.filter(({ reason }) => reason !== undefined);
  return [...Map.groupBy(unknown, ({ reason }) => reason!)].map(
    ([reason, some]) => `${renderNames(some.map(({ peer }) => peer))}: ${colors.yellow("unknown")}: ${tame(reason)}`,
  );
}

/** Renders the differences. Agents with the same difference share a line. */
function renderDrift(rows: readonly PsRow[], colors: Colors): string[] {
  const peersOf = new Map<string, string[]>();
  for (const { peer, drift } of rows) {
    for (const { code, message } of drift) {
      const text = `${colors.yellow(code)}: ${tame(message)}`;
      peersOf.set(text, [...(peersOf.get(text) ?? []), peer]);
    }
  }
  return [...peersOf].map(([text, peers]) => `${renderNames(peers)}: ${text}`);
}

const MOST_NAMES = 3;

function renderNames(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest > 1 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more` : names.join(", ");
}

const HEALTHS = Object.keys(HEALTH_PAINT) as readonly Health[];

/** "5 agents: 3 healthy, 1 silent, 1 down; 2 need a person" */
function renderCounts(rows: readonly PsRow[]): string {
  const parts = HEALTHS.map((health) => ({ health, count: rows.filter((row) => row.health === health).length })).filter(
    ({ count }) => count > 0,
  );
  const counts = parts.map(({ health, count }) => `${count} ${health}`).join(", ");
  const needing = rows.filter(needsPerson).length;
  const what = needing === 0 ? "" : `; ${needing} ${needing === 1 ? "needs" : "need"} a look`;
  return `${rows.length} ${rows.length === 1 ? "agent" : "agents"}${counts === "" ? "" : `: ${counts}`}${what}`;
}
