import { type PeerDetails, type RemoteDetails, showPeer } from "../../app/show.ts";
import { remoteProgram } from "../../launch/ssh.ts";
import { parsePersonality } from "../../model/names.ts";
import type { MemoryState, RuntimeMemory } from "../../provision/types.ts";
import type { Death } from "../../status/deaths/types.ts";
import type { Colors } from "../colors.ts";
import { describeEnd } from "../death-text.ts";
import { renderDuration, renderFuture } from "../duration.ts";
import { renderRuntimes } from "../runtimes.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const show = defineVerb({
  meta: { name: "show", description: "show everything about one peer" },
  details: "An agent of another host is shown as the applied fleet has it. That host is not asked.",
  args: { personality: { type: "positional", description: "the peer's name", completes: "peers" } },
  examples: [{ command: "iapeer show alice", note: "the folder, the runtimes, their memory, the last death" }],
  run: async ({ args }, { app, output }) => {
    const details = await showPeer(app, { personality: parsePersonality(args.personality) });
    output.result(details, () =>
      "ssh" in details
        ? renderRemote(details, `${remoteProgram(app.env)} show ${details.personality}`, output.colors)
        : renderShow(details, app.now(), output.colors),
    );
    return 0;
  },
});

function lineOf(label: string, value: string, colors: Colors): string {
  return `${colors.dim(`${label}:`.padEnd(15))}${value}`;
}

function renderRemote(details: RemoteDetails, command: string, colors: Colors): string {
  const { personality, host, ssh, socket, cwd, default_runtime: runtime, class: agentClass, model_hint: model } = details;
  const line = (label: string, value: string) => lineOf(label, value, colors);
  return [
    colors.bold(personality) + colors.dim(" (of another host)"),
    line("host", `${host}, by ssh ${ssh}${socket === undefined ? "" : `, socket ${socket}`}`),
    line("class", agentClass),
    line("runtime", runtime),
    ...(model === undefined ? [] : [line("model", tame(model))]),
    ...(cwd === null ? [] : [line("folder", tame(cwd))]),
    line("look at it", `ssh ${ssh} ${command}`),
  ].join("\n");
}

function renderShow(details: PeerDetails, now: Date, colors: Colors): string {
  const line = (label: string, value: string) => lineOf(label, value, colors);
  return [
    colors.bold(details.personality) + (details.being_removed ? colors.yellow(" (being removed)") : ""),
    line("description", tame(details.description) || colors.dim("none")),
    line("folder", tame(details.cwd)),
    line("intelligence", details.intelligence),
    ...(details.manager ? [line("manager", "yes")] : []),
    line("runtimes", renderRuntimes(details, colors)),
    ...details.runtimes.flatMap(({ runtime, reason }) => (reason === undefined ? [] : [line(`why ${runtime}`, tame(reason))])),
    line("default", details.default_runtime),
    ...details.provision.map((one) => line(`memory ${one.runtime}`, renderMemory(one, colors))),
    line("last death", renderLastDeath(details, now, colors)),
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

function renderLastDeath({ last_death: death, last_death_unknown: unknown }: PeerDetails, now: Date, colors: Colors): string {
  if (unknown !== undefined) return colors.yellow(`cannot be told: ${tame(unknown.message)}`);
  return death === null ? colors.dim("none") : renderDeath(death, now);
}

function renderDeath(death: Death, now: Date): string {
  const when = `${death.ts}${renderFuture(death.ts, now)}`;
  return tame(`${when}: ${death.identity}, ${describeEnd(death)}, ${death.verdict}; see: iapeer deaths show ${death.id}`);
}
