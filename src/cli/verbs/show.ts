import { type PeerDetails, showPeer } from "../../app/show.ts";
import { parsePersonality } from "../../model/names.ts";
import type { MemoryState, RuntimeMemory } from "../../provision/types.ts";
import type { Death } from "../../status/deaths/types.ts";
import type { Colors } from "../colors.ts";
import { describeEnd } from "../death-text.ts";
import { renderDuration } from "../duration.ts";
import { renderRuntimes } from "../runtimes.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const show = defineVerb({
  meta: { name: "show", description: "show everything about one peer" },
  args: { personality: { type: "positional", description: "the peer's name", completes: "peers" } },
  examples: [{ command: "iapeer show alice", note: "the folder, the runtimes, their memory, the last death" }],
  run: async ({ args }, { app, output }) => {
    const details = await showPeer(app, { personality: parsePersonality(args.personality) });
    output.result(details, () => renderShow(details, output.colors));
    return 0;
  },
});

function renderShow(details: PeerDetails, colors: Colors): string {
  const line = (label: string, value: string) => `${colors.dim(`${label}:`.padEnd(15))}${value}`;
  return [
    colors.bold(details.personality) + (details.being_removed ? colors.yellow(" (being removed)") : ""),
    line("description", tame(details.description) || colors.dim("none")),
    line("folder", tame(details.cwd)),
    line("intelligence", details.intelligence),
    ...(details.manager ? [line("manager", "yes")] : []),
    line("runtimes", renderRuntimes(details, colors)),
    line("default", details.default_runtime),
    ...details.provision.map((one) => line(`memory ${one.runtime}`, renderMemory(one, colors))),
    line("last death", details.last_death === null ? colors.dim("none") : renderDeath(details.last_death)),
    ...(details.heartbeats ?? []).map(({ runtime, age_secs }) =>
      line(`alive ${runtime}`, `last heartbeat ${renderDuration(age_secs)} ago`),
    ),
  ].join("\n");
}

const MEMORY_PAINT = {
  attached: "green",
  drifted: "yellow",
  failed: "red",
  none: "dim",
} as const satisfies Record<MemoryState, keyof Colors>;

function renderMemory(
  { memory, provider, provider_version, occasion, state, detail, ts }: RuntimeMemory,
  colors: Colors,
): string {
  const word = colors[MEMORY_PAINT[memory]](memory);
  if (ts === undefined) return word;
  const how = state === "failed" ? "" : ` ${state}`;
  const why = memory === "failed" ? `${how}${detail === undefined ? "" : ` (${tame(detail)})`}` : "";
  return `${word}${why}, ${tame(`${provider} ${provider_version} at ${occasion}, ${ts}`)}`;
}

function renderDeath(death: Death): string {
  return tame(`${death.ts}: ${death.identity}, ${describeEnd(death)}, ${death.verdict}; see: iapeer deaths show ${death.id}`);
}
