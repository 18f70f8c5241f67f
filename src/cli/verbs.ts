import type { VerbGroup } from "./help.ts";
import type { Verb } from "./verb.ts";

/** A verb's name; the verb itself and all it stands on are only loaded when it is called. */
export interface VerbEntry {
  readonly name: string;
  readonly load: () => Promise<Verb>;
}

interface EntryGroup {
  readonly title: string;
  readonly entries: readonly VerbEntry[];
}

/** Every verb, in the order of the help. */
const GROUPS: readonly EntryGroup[] = [
  {
    title: "Peers",
    entries: [
      { name: "add", load: async () => (await import("./verbs/add.ts")).add },
      { name: "remove", load: async () => (await import("./verbs/remove.ts")).remove },
      { name: "list", load: async () => (await import("./verbs/list.ts")).list },
      { name: "show", load: async () => (await import("./verbs/show.ts")).show },
      { name: "update", load: async () => (await import("./verbs/update.ts")).update },
    ],
  },
  {
    title: "Memory",
    entries: [
      { name: "memory-plugin", load: async () => (await import("./verbs/memory-plugin.ts")).memoryPlugin },
      { name: "native-memory", load: async () => (await import("./verbs/native-memory.ts")).nativeMemory },
      { name: "provider check", load: async () => (await import("./verbs/provider-check.ts")).providerCheck },
      { name: "provider run", load: async () => (await import("./verbs/provider-run.ts")).providerRun },
      { name: "provision exec", load: async () => (await import("./verbs/provision-exec.ts")).provisionExec },
    ],
  },
  {
    title: "Sessions",
    entries: [
      { name: "launch", load: async () => (await import("./verbs/launch.ts")).launch },
      { name: "stop", load: async () => (await import("./verbs/stop.ts")).stop },
      { name: "attach", load: async () => (await import("./verbs/attach.ts")).attach },
      { name: "watch", load: async () => (await import("./verbs/watch.ts")).watch },
      { name: "send", load: async () => (await import("./verbs/send.ts")).send },
      { name: "tail", load: async () => (await import("./verbs/tail.ts")).tail },
      { name: "heartbeat", load: async () => (await import("./verbs/heartbeat.ts")).heartbeat },
      { name: "deaths", load: async () => (await import("./verbs/deaths.ts")).deaths },
      { name: "deaths show", load: async () => (await import("./verbs/deaths-show.ts")).deathsShow },
      { name: "supervise", load: async () => (await import("./verbs/supervise.ts")).supervise },
      { name: "canary status", load: async () => (await import("./verbs/canary-status.ts")).canaryStatus },
      { name: "canary arm", load: async () => (await import("./verbs/canary-arm.ts")).canaryArm },
      { name: "canary dismiss", load: async () => (await import("./verbs/canary-dismiss.ts")).canaryDismiss },
      { name: "canary script", load: async () => (await import("./verbs/canary-script.ts")).canaryScript },
      { name: "hook pane-died", load: async () => (await import("./verbs/hook-pane-died.ts")).hookPaneDied },
    ],
  },
  {
    title: "Fleet",
    entries: [
      { name: "fleet init", load: async () => (await import("./verbs/fleet-init.ts")).fleetInit },
      { name: "fleet check", load: async () => (await import("./verbs/fleet-check.ts")).fleetCheck },
      { name: "fleet apply", load: async () => (await import("./verbs/fleet-apply.ts")).fleetApply },
      { name: "fleet add", load: async () => (await import("./verbs/fleet-add.ts")).fleetAdd },
      { name: "fleet remove", load: async () => (await import("./verbs/fleet-remove.ts")).fleetRemove },
      { name: "fleet install", load: async () => (await import("./verbs/fleet-install.ts")).fleetInstall },
      { name: "fleet uninstall", load: async () => (await import("./verbs/fleet-uninstall.ts")).fleetUninstall },
      { name: "fleet ps", load: async () => (await import("./verbs/fleet-ps.ts")).fleetPs },
      { name: "fleet comms", load: async () => (await import("./verbs/fleet-comms.ts")).fleetComms },
    ],
  },
  {
    title: "This host",
    entries: [
      { name: "status", load: async () => (await import("./verbs/status.ts")).status },
      { name: "doctor", load: async () => (await import("./verbs/doctor.ts")).doctor },
      { name: "verify", load: async () => (await import("./verbs/verify.ts")).verify },
      { name: "completions", load: async () => (await import("./verbs/completions.ts")).completions },
    ],
  },
];

export const VERB_ENTRIES: readonly VerbEntry[] = GROUPS.flatMap(({ entries }) => entries);

/** The verbs themselves, for the help and for completion. */
export async function loadVerbGroups(): Promise<VerbGroup[]> {
  return await Promise.all(
    GROUPS.map(async ({ title, entries }) => ({
      title,
      verbs: await Promise.all(entries.map(async ({ load }) => await load())),
    })),
  );
}
