import type { Colors } from "../colors.ts";
import { type HostReport, readHostReport, type SlotJson } from "../../app/host-report.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const status = defineVerb({
  meta: { name: "status", description: "show the state of this host, and what needs a person" },
  details: "Exit 1 where something needs a person.",
  args: {},
  examples: [
    { command: "iapeer status", note: "the slot, the peers, recent deaths" },
    { command: "iapeer status --json", note: "for a monitor" },
  ],
  run: async (_call, { app, output }) => {
    const report = await readHostReport(app);
    output.result(report, () => renderReport(report, output.colors));
    return report.ok ? 0 : 1;
  },
});

function renderReport(report: HostReport, colors: Colors): string {
  const line = (label: string, value: string) => `${colors.dim(label.padEnd(9))}${value}`;
  const { total, ...byStatus } = report.peers;
  const unwatched = report.servers_without_canary;
  return [
    line("iapeer:", report.version),
    line("root:", tame(report.root)),
    line("slot:", renderSlot(report.slot, colors)),
    ...report.slot_problems.map((problem) => line("", renderProblem(problem, colors))),
    line("peers:", total === 0 ? "none" : `${total} (${renderCounts(byStatus)})`),
    line("memory:", renderCounts(report.memory) || "none"),
    ...(unwatched.length === 0 ? [] : [line("servers:", `${unwatched.length} without a canary: ${unwatched.join(", ")}`)]),
    line("deaths:", report.deaths_last_day === null ? "cannot be told" : `${report.deaths_last_day} in the last 24 hours`),
    ...report.attention.map(
      ({ message, hint }) => `${colors.yellow("!")} ${tame(message)}${hint === undefined ? "" : `; see: ${hint}`}`,
    ),
  ].join("\n");
}

/** "2 live, 1 asleep" */
function renderCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([key, n]) => `${n} ${key}`)
    .join(", ");
}

function renderProblem({ message, severity }: HostReport["slot_problems"][number], colors: Colors): string {
  return `${severity === "error" ? colors.red("error") : colors.yellow("warning")} ${tame(message)}`;
}

function renderSlot(slot: SlotJson | null, colors: Colors): string {
  if (slot === null) return colors.dim("EMPTY");
  const age = slot.heartbeat?.age_secs;
  const beat = age === null ? ", no heartbeat yet" : `, heartbeat ${age} s ago`;
  return `${tame(`${slot.provider} ${slot.version}`)}${age === undefined ? "" : beat}`;
}
