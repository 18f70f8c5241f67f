import { identityOf, parsePersonality } from "../../model/names.ts";
import { isAgentic } from "../../model/runtimes.ts";
import { judgeMemory, type MemoryState, type ProvisionNote, readNote } from "../../provision/provision-state.ts";
import { readRegistry } from "../../registry/registry.ts";
import { readLastDeath } from "../../status/deaths/deaths.ts";
import type { Death } from "../../status/deaths/types.ts";
import { readStatuses } from "../../status/liveness/liveness.ts";
import { readSlot } from "../../status/slot/slot.ts";
import { readBeat } from "../../status/beat.ts";
import type { Colors } from "../colors.ts";
import { describeEnd } from "../death-text.ts";
import { renderDuration } from "../duration.ts";
import { type PeerJson, renderRuntimes, toPeerJson } from "../../app/peers/peer-json.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

/** Whether one runtime has the host's memory, and its last provider run. */
type ProvisionJson = { readonly runtime: string; readonly memory: MemoryState } & Partial<Omit<ProvisionNote, "version">>;

interface ShowJson extends PeerJson {
  readonly being_removed: boolean;
  readonly provision: readonly ProvisionJson[];
  /** null: none that exits.log knows of. */
  readonly last_death: Death | null;
  /** Of each runtime that has given a sign of life; left out when none has. */
  readonly heartbeats?: readonly HeartbeatJson[];
}

interface HeartbeatJson {
  readonly runtime: string;
  readonly age_secs: number;
}

export const show = defineVerb({
  meta: { name: "show", description: "show everything about one peer" },
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
  },
  examples: [{ command: "iapeer show alice", note: "folder, runtimes, their memory, and the last death" }],
  run: async ({ positionals }, { layout, output, now }) => {
    const peer = readRegistry(layout).require(parsePersonality(positionals[0]!));
    const { slot } = readSlot(layout);
    const provision = peer.runtimes.filter(isAgentic).map((runtime): ProvisionJson => {
      const note = readNote(layout, runtime, peer.personality);
      const { version: _, ...last } = note ?? {};
      return { runtime, memory: judgeMemory(note, slot), ...last };
    });
    const identities = peer.runtimes.map((runtime) => identityOf(runtime, peer.personality));
    const heartbeats = peer.runtimes.flatMap((runtime): HeartbeatJson[] => {
      const beat = readBeat(layout, identityOf(runtime, peer.personality), now());
      return beat === undefined ? [] : [{ runtime, age_secs: beat.ageSecs }];
    });
    const json: ShowJson = {
      ...toPeerJson(peer, readStatuses(layout)),
      being_removed: peer.isBeingRemoved,
      provision,
      last_death: readLastDeath(layout, identities) ?? null,
      ...(heartbeats.length > 0 && { heartbeats }),
    };
    output.result(json, () => renderShow(json, output.colors));
    return 0;
  },
});

function renderShow(json: ShowJson, colors: Colors): string {
  const line = (label: string, value: string) => `${colors.dim(`${label}:`.padEnd(15))}${value}`;
  return [
    colors.bold(json.personality) + (json.being_removed ? colors.yellow(" (being removed)") : ""),
    line("description", tame(json.description) || colors.dim("none")),
    line("folder", tame(json.cwd)),
    line("intelligence", json.intelligence),
    line("runtimes", renderRuntimes(json, colors)),
    line("default", json.default_runtime),
    ...json.provision.map((one) => line(`memory ${one.runtime}`, renderMemory(one, colors))),
    line("last death", json.last_death === null ? colors.dim("none") : renderDeath(json.last_death)),
    ...(json.heartbeats ?? []).map(({ runtime, age_secs }) =>
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
  { memory, provider, provider_version, occasion, state, detail, ts }: ProvisionJson,
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
