import { IapeerError } from "../../model/errors.ts";
import { isAgentic } from "../../model/runtimes.ts";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { declaresCommands, type ProvisionRow, runProviderFor } from "../../provision/attach.ts";
import { directionOf, type Occasion, OCCASIONS } from "../../provision/occasions.ts";
import { renderArgv } from "../../provision/provider-command.ts";
import { requireRunnable } from "../../provision/sweep.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { Peer } from "../../registry/types.ts";
import { readSlot } from "../../status/slot/slot.ts";
import type { Slot } from "../../status/slot/types.ts";
import { provisionContext } from "../../app/peers/birth.ts";
import { withInterruption } from "../interruption.ts";
import { renderState } from "../outcomes.ts";
import { ONE_PEER } from "../shared-options.ts";
import { refuseLeaving } from "../targets.ts";
import { defineVerb } from "../verb.ts";

export const providerRun = defineVerb({
  meta: { name: "provider run", description: "run one provider command by hand" },
  args: {
    occasion: { type: "positional", description: "why it runs", choices: OCCASIONS },
    peer: { ...ONE_PEER, required: true },
    runtime: {
      type: "string",
      valueHint: "r",
      description: "for which agentic runtime (default: the peer's default one)",
      completes: "runtimes",
    },
    "dry-run": { type: "boolean", description: "print the argv as JSON and run nothing" },
  },
  examples: [
    { command: "iapeer provider run birth --peer alice --dry-run", note: "what would be run, argument by argument" },
    { command: "iapeer provider run remove --peer alice --runtime claude", note: "detach by hand" },
  ],
  run: async ({ values, positionals }, context) => {
    const occasion = positionals[0] as Occasion;
    const { layout, output } = context;
    const peer = readRegistry(layout).require(parsePersonality(values.peer));
    if (peer.isBeingRemoved && directionOf(occasion) === "provision") refuseLeaving(peer.personality);
    const runtime = chooseRuntime(peer, values.runtime);
    const reading = readSlot(layout);
    const slot = requireRunnable(reading.slot, occasion, reading.problems);
    if (!declaresCommands(slot)) throw pluginOnly(slot);
    if (values["dry-run"]) {
      const argv = renderArgv(slot[directionOf(occasion)]!, { cwd: peer.cwd, personality: peer.personality, runtime, occasion });
      output.text(JSON.stringify(argv, null, 2));
      return 0;
    }
    return await withInterruption(async ({ signal, exitStatus }) => {
      const row = await runProviderFor(peer, runtime, occasion, provisionContext(context, slot, signal));
      output.result(row, () => `${row.personality} ${row.runtime}: ${renderState(row, output.colors)}`);
      return exitStatus() ?? statusOf(row);
    });
  },
});

function pluginOnly({ provider }: Slot): IapeerError {
  return new IapeerError("slot-direction-missing", `provider "${provider}" declares a plugin, not a command`, {
    hint: "its way is: iapeer memory-plugin",
  });
}

function chooseRuntime(peer: Peer, given: string | undefined): string {
  const runtime = given === undefined ? [peer.defaultRuntime, ...peer.runtimes].find(isAgentic) : parseRuntime(given);
  if (runtime !== undefined && peer.runtimes.includes(runtime) && isAgentic(runtime)) return runtime;
  throw new IapeerError(
    "runtime-not-found",
    `${peer.personality} has no agentic runtime${given === undefined ? "" : ` ${given}`}`,
    {
      hint: `it has: ${peer.runtimes.join(", ")}; provider commands run for claude and codex`,
    },
  );
}

function statusOf({ state }: ProvisionRow): number {
  if (state === "ok") return 0;
  return state === "timeout" ? 6 : 1;
}
