import pMap from "p-map";
import { type AgenticRuntime, isAgentic } from "../model/runtimes.ts";
import type { Target } from "./attach.ts";
import { claudePlugin, type ClaudePlugin } from "./claude-plugin.ts";
import { runCodexPlugin } from "./codex-plugin.ts";
import type { PluginContext, PluginResult } from "./plugin-cli.ts";

/** The older form of a memory provider: a plugin that the runtimes' own CLIs install (contract 5). */
export interface PluginSweep extends PluginContext {
  readonly direction: "on" | "off";
  /** `all`: codex loses its plugin even if a peer is left that is not among the targets. */
  readonly scope: "peer" | "all";
  /** The peers to go over, in registry order. */
  readonly targets: readonly Target[];
  /** Every peer of the host: codex has one plugin for all. */
  readonly allTargets: readonly Target[];
  /** How many CLIs run at once. */
  readonly jobs: number;
  /** Told of each row as it ends, in any order. */
  readonly onRow: (row: PluginRow) => void;
}

export interface PluginRow extends PluginResult {
  readonly personality: string;
  readonly runtime: AgenticRuntime;
}

/** `keep-codex`: nothing is done, since other peers use it. `follow-codex`: the host's first codex row did it. */
export interface PlannedRow {
  readonly personality: string;
  readonly folder: string;
  readonly runtime: AgenticRuntime;
  readonly does: "claude" | "codex" | "follow-codex" | "keep-codex";
}

/** A row per target and agentic runtime, in the order of the targets, and what each has to do. */
export function planPluginSweep(sweep: Pick<PluginSweep, "direction" | "scope" | "targets" | "allTargets">): PlannedRow[] {
  const isKept = sweep.direction === "off" && sweep.scope === "peer" && otherCodexPeers(sweep).length > 0;
  let hasCodex = false;
  return sweep.targets.flatMap(({ personality, cwd, runtimes }) =>
    runtimes.filter(isAgentic).map((runtime) => {
      const codex = isKept ? "keep-codex" : hasCodex ? "follow-codex" : "codex";
      hasCodex ||= runtime === "codex";
      return { personality, folder: cwd, runtime, does: runtime === "codex" ? codex : "claude" };
    }),
  );
}

function otherCodexPeers({ targets, allTargets }: Pick<PluginSweep, "targets" | "allTargets">): string[] {
  const ours = new Set(targets.map(({ personality }) => personality));
  return allTargets
    .filter(({ personality, runtimes }) => runtimes.includes("codex") && !ours.has(personality))
    .map(({ personality }) => personality);
}

/** Does all that was planned; the rows in that order. Never throws; an interrupted sweep leaves out what it did not begin. */
export async function runPluginForm(sweep: PluginSweep): Promise<PluginRow[]> {
  const actions = actionsOf(sweep);
  const rows = await pMap(
    planPluginSweep(sweep),
    async (planned) => {
      if (sweep.signal?.aborted) return undefined;
      const { personality, runtime } = planned;
      const row: PluginRow = { personality, runtime, ...(await actions[planned.does](planned)) };
      sweep.onRow(row);
      return row;
    },
    { concurrency: sweep.jobs, stopOnError: false },
  );
  return rows.filter((row) => row !== undefined);
}

type Actions = Readonly<Record<PlannedRow["does"], (planned: PlannedRow) => Promise<PluginResult>>>;

function actionsOf(sweep: PluginSweep): Actions {
  let claude: ClaudePlugin | undefined;
  let codex: Promise<PluginResult> | undefined;
  const codexOnce = () => (codex ??= runCodexPlugin(sweep, sweep.direction));
  return {
    claude: async ({ folder }) => await (claude ??= claudePlugin(sweep))(folder, sweep.direction),
    codex: codexOnce,
    "follow-codex": async () => follow(await codexOnce()),
    "keep-codex": async () => ({
      state: "already",
      detail: `codex has it once for the host, and needs it for: ${otherCodexPeers(sweep).join(", ")}`,
    }),
  };
}

/** What could not be done for the host was not done for this peer either. */
function follow(first: PluginResult): PluginResult {
  return first.state === "failed" || first.state === "runtime-missing" ? first : { state: "already" };
}
