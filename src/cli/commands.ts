import { VERSION } from "../model/version.ts";
import type { Verb } from "./verb.ts";

/** A word that begins several commands, and is none by itself. */
export interface Group {
  readonly meta: { readonly name: string; readonly description: string; readonly version?: string };
  readonly subCommands: Commands;
}

/** Commands by their words. A verb is loaded, with all that it imports, when it is called. */
export type Commands = Readonly<Record<string, Group | (() => Promise<Verb | VerbGroup>)>>;

/** A verb that begins other verbs too: "deaths" and "deaths show". */
export interface VerbGroup extends Verb {
  readonly subCommands: Commands;
}

const PEERS: Commands = {
  add: async () => (await import("./verbs/add.ts")).add,
  remove: async () => (await import("./verbs/remove.ts")).remove,
  list: async () => (await import("./verbs/list.ts")).list,
  show: async () => (await import("./verbs/show.ts")).show,
  update: async () => (await import("./verbs/update.ts")).update,
};

const MEMORY: Commands = {
  "memory-plugin": async () => (await import("./verbs/memory-plugin.ts")).memoryPlugin,
  "native-memory": async () => (await import("./verbs/native-memory.ts")).nativeMemory,
  provider: {
    meta: { name: "provider", description: "check a memory provider, and run its commands by hand" },
    subCommands: {
      check: async () => (await import("./verbs/provider-check.ts")).providerCheck,
      run: async () => (await import("./verbs/provider-run.ts")).providerRun,
    },
  },
  provision: {
    meta: { name: "provision", description: "tools for authors of memory providers" },
    subCommands: { exec: async () => (await import("./verbs/provision-exec.ts")).provisionExec },
  },
};

const SESSIONS: Commands = {
  launch: async () => (await import("./verbs/launch.ts")).launch,
  stop: async () => (await import("./verbs/stop.ts")).stop,
  retire: async () => (await import("./verbs/retire.ts")).retire,
  attach: async () => (await import("./verbs/attach.ts")).attach,
  watch: async () => (await import("./verbs/watch.ts")).watch,
  screen: async () => (await import("./verbs/screen.ts")).screen,
  send: async () => (await import("./verbs/send.ts")).send,
  tail: async () => (await import("./verbs/tail.ts")).tail,
  heartbeat: async () => (await import("./verbs/heartbeat.ts")).heartbeat,
  deaths: async () => ({
    ...(await import("./verbs/deaths.ts")).deaths,
    subCommands: { show: async () => (await import("./verbs/deaths-show.ts")).deathsShow },
  }),
  supervise: async () => (await import("./verbs/supervise.ts")).supervise,
  canary: {
    meta: { name: "canary", description: "see and change what watches the servers" },
    subCommands: {
      status: async () => (await import("./verbs/canary-status.ts")).canaryStatus,
      arm: async () => (await import("./verbs/canary-arm.ts")).canaryArm,
      dismiss: async () => (await import("./verbs/canary-dismiss.ts")).canaryDismiss,
      script: async () => (await import("./verbs/canary-script.ts")).canaryScript,
    },
  },
  hook: {
    meta: { name: "hook", description: "print the tmux hooks of a session" },
    subCommands: { "pane-died": async () => (await import("./verbs/hook-pane-died.ts")).hookPaneDied },
  },
};

const FLEET: Commands = {
  fleet: {
    meta: { name: "fleet", description: "declare agents in one file, and make this host match it" },
    subCommands: {
      init: async () => (await import("./verbs/fleet-init.ts")).fleetInit,
      check: async () => (await import("./verbs/fleet-check.ts")).fleetCheck,
      apply: async () => (await import("./verbs/fleet-apply.ts")).fleetApply,
      add: async () => (await import("./verbs/fleet-add.ts")).fleetAdd,
      remove: async () => (await import("./verbs/fleet-remove.ts")).fleetRemove,
      install: async () => (await import("./verbs/fleet-install.ts")).fleetInstall,
      uninstall: async () => (await import("./verbs/fleet-uninstall.ts")).fleetUninstall,
      ps: async () => (await import("./verbs/fleet-ps.ts")).fleetPs,
      comms: async () => (await import("./verbs/fleet-comms.ts")).fleetComms,
    },
  },
};

const HOST: Commands = {
  status: async () => (await import("./verbs/status.ts")).status,
  doctor: async () => (await import("./verbs/doctor.ts")).doctor,
  verify: async () => (await import("./verbs/verify.ts")).verify,
  completions: async () => (await import("./verbs/completions.ts")).completions,
};

/** The commands in the order of the help. */
export const CHAPTERS: readonly { readonly title: string; readonly commands: Commands }[] = [
  { title: "PEERS", commands: PEERS },
  { title: "MEMORY", commands: MEMORY },
  { title: "SESSIONS", commands: SESSIONS },
  { title: "FLEET", commands: FLEET },
  { title: "THIS HOST", commands: HOST },
];

export const ROOT: Group = {
  meta: {
    name: "iapeer",
    version: VERSION,
    description: "Coding agents on this host, with names, folders and memory",
  },
  subCommands: { ...PEERS, ...MEMORY, ...SESSIONS, ...FLEET, ...HOST },
};

/** The words of docker and of a shell for our commands. */
export const ALIASES: Readonly<Record<string, string>> = {
  ls: "list",
  ps: "list",
  rm: "remove",
  start: "launch",
  logs: "tail",
};

/** The other words for a command. */
export function aliasesOf(command: string): string[] {
  return Object.keys(ALIASES).filter((word) => ALIASES[word] === command);
}

/** Words of other programs that are no command here, and the calls that do the same. */
export const FOREIGN_WORDS: Readonly<Record<string, string>> = {
  restart: "that is two calls: iapeer stop <personality>, then iapeer launch <personality>",
  top: "did you mean iapeer fleet ps --watch? without a fleet: iapeer list",
};

/** Loads every verb of these commands, in their order: for the help and for completion. */
export async function loadVerbs(commands: Commands): Promise<Verb[]> {
  const loaded = await Promise.all(Object.values(commands).map(async (one) => (typeof one === "function" ? await one() : one)));
  const each = loaded.map(async (one) => {
    const below = "subCommands" in one ? await loadVerbs(one.subCommands) : [];
    return isVerb(one) ? [one, ...below] : below;
  });
  return (await Promise.all(each)).flat();
}

/** Tells whether a command does something by itself. */
export function isVerb(command: Group | Verb): command is Verb {
  return "run" in command;
}
