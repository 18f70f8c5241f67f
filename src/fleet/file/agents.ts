import { BUILT_IN_RUNTIMES } from "../../model/runtimes.ts";
import { isPersonality, isRuntime, nearest } from "../../model/names.ts";
import { CLASSES, DEFAULT_RUNTIME, isClass } from "../../model/agent.ts";
import { resolveFolder } from "./folders.ts";
import type { Finding, Path } from "./problems.ts";
import { fieldOf } from "../../core/text/fields.ts";
import { quote } from "./secrets.ts";
import type { Surroundings } from "./types.ts";

/** The readable parts of an agent, in a file that may be wrong elsewhere. */
interface Seen {
  readonly path: Path;
  readonly name?: string | undefined;
  readonly class?: string | undefined;
  readonly runtime: string;
  readonly isRemote: boolean;
  readonly folder?: string | undefined;
  /** True where it may have the folder of another that says so too. */
  readonly sharesFolder: boolean;
  /** True for a folder from its own `working_directory`; false for the default. */
  readonly hasOwnFolder: boolean;
}

export interface AgentsCheck {
  readonly surroundings: Surroundings;
  /** The fleet file's folder. */
  readonly base: string;
  readonly lineOf: (path: Path) => number;
}

/** Finds the problems between the agents of a parsed file, and between each agent and this host. */
export function checkAgents(value: unknown, check: AgentsCheck): Finding[] {
  const seen = seeAgents(value, check);
  return [
    ...findTwins(seen, check),
    ...findUnfitFolders(seen, check),
    ...findSharedFolders(seen, check),
    ...findRemoteSlips(value, check),
    ...findUnknownRuntimes(value, seen, check),
    ...findUnknownClasses(seen),
  ];
}

/** The class of every agent; undefined where the class of one cannot be read. */
export function classesOf(value: unknown): string[] | undefined {
  const classes = agentsOf(value).map((one) => fieldOf(one, "class"));
  return classes.every((one) => typeof one === "string") ? classes : undefined;
}

function agentsOf(value: unknown): readonly unknown[] {
  const agents = fieldOf(value, "agents");
  return Array.isArray(agents) ? agents : [];
}

function textOf(value: unknown, key: string): string | undefined {
  const text = fieldOf(value, key);
  return typeof text === "string" ? text : undefined;
}

function seeAgents(value: unknown, check: AgentsCheck): Seen[] {
  const defaults = fieldOf(value, "defaults");
  return agentsOf(value).map((one, index) => {
    const written = textOf(one, "name");
    const name = written !== undefined && isPersonality(written) ? written : undefined;
    const isRemote = isOfOtherHost(one, check);
    return {
      path: ["agents", index],
      name,
      class: textOf(one, "class"),
      runtime: textOf(one, "runtime") ?? textOf(defaults, "runtime") ?? DEFAULT_RUNTIME,
      isRemote,
      folder: isRemote
        ? undefined
        : folderOf(name, textOf(one, "working_directory") ?? textOf(defaults, "working_directory"), check),
      sharesFolder: (fieldOf(one, "shared_folder") ?? fieldOf(defaults, "shared_folder")) === true,
      hasOwnFolder: textOf(one, "working_directory") !== undefined,
    };
  });
}

function isOfOtherHost(one: unknown, { surroundings }: AgentsCheck): boolean {
  const host = fieldOf(one, "host");
  return host !== undefined && !(typeof host === "string" && surroundings.isThisHost(host));
}

function folderOf(name: string | undefined, text: string | undefined, { surroundings, base }: AgentsCheck): string | undefined {
  if (name === undefined) return undefined;
  if (text === undefined) return surroundings.defaultFolder(name);
  return text === "" || text.includes("\0") ? undefined : resolveFolder({ text, name, home: surroundings.home, base });
}

function findTwins(seen: readonly Seen[], { lineOf }: AgentsCheck): Finding[] {
  const firsts = new Map<string, Seen>();
  return seen.flatMap((one): Finding[] => {
    if (one.name === undefined) return [];
    const first = firsts.get(one.name);
    if (first === undefined) {
      firsts.set(one.name, one);
      return [];
    }
    const [here, there] = [one, first].map(({ path }) => lineOf(path));
    const what =
      first.runtime === one.runtime
        ? `${one.name} with the runtime ${quote(one.runtime)} is there twice`
        : `two agents are called ${one.name}`;
    return [
      {
        code: "fleet-duplicate-agent",
        message: `${what}, on lines ${there} and ${here}`,
        path: [...one.path, "name"],
        hint: "one name, one agent: rename one of them, or take it out",
      },
    ];
  });
}

function findUnfitFolders(seen: readonly Seen[], { surroundings }: AgentsCheck): Finding[] {
  return seen.flatMap((one): Finding[] => {
    const why = one.folder === undefined ? undefined : surroundings.whyNoPeerFolder(one.folder);
    if (why === undefined) return [];
    return [
      {
        code: "fleet-invalid-value",
        message: `${quote(one.folder!)} can be no agent's folder: it is ${why}`,
        path: one.hasOwnFolder ? [...one.path, "working_directory"] : ["defaults", "working_directory"],
        hint: "choose a folder of its own",
      },
    ];
  });
}

function findSharedFolders(seen: readonly Seen[], { surroundings, lineOf }: AgentsCheck): Finding[] {
  const owners = new Map<string, Seen>();
  return seen.flatMap((one): Finding[] => {
    if (one.folder === undefined) return [];
    const real = surroundings.resolveLinks(one.folder);
    const owner = owners.get(real);
    if (owner === undefined) owners.set(real, one);
    if (owner === undefined || owner.name === one.name || (owner.sharesFolder && one.sharesFolder)) return [];
    const message = `${one.name} (line ${lineOf(one.path)}) has the folder of ${owner.name} (line ${lineOf(owner.path)}): ${quote(one.folder)}`;
    const hint = "give it another, or write {name} into the default; where they are to share it, each has shared_folder: true";
    return [
      { code: "fleet-shared-folder", message, path: one.hasOwnFolder ? [...one.path, "working_directory"] : one.path, hint },
    ];
  });
}

function findRemoteSlips(value: unknown, check: AgentsCheck): Finding[] {
  return agentsOf(value).flatMap((one, index): Finding[] => {
    const path = ["agents", index];
    const has = (key: string) => fieldOf(one, key) !== undefined;
    if (has("host") && !isOfOtherHost(one, check)) return has("socket") ? [unusedSocket(path)] : [];
    if (has("host")) {
      return has("ssh")
        ? []
        : [
            {
              code: "fleet-remote",
              message: "host is there without ssh",
              path: [...path, "host"],
              at: "key",
              hint: "write how it is reached: ssh: user@host",
            },
          ];
    }
    return ["ssh", "socket"].filter(has).map((key) => ({
      code: "fleet-remote",
      message: `${key} is there without host`,
      path: [...path, key],
      at: "key",
      hint: `an agent of another host has host and ssh; one of this host has neither`,
    }));
  });
}

function unusedSocket(path: Path): Finding {
  return {
    code: "fleet-own-host",
    message: "socket is not used: host is this very host, where tmux.socket_name names the server",
    path: [...path, "socket"],
    at: "key",
    hint: "it is used on the other hosts that read this file",
  };
}

function findUnknownRuntimes(value: unknown, seen: readonly Seen[], { surroundings }: AgentsCheck): Finding[] {
  const written = seen.filter(
    ({ isRemote, path }) => !isRemote && textOf(agentsOf(value)[Number(path[1])], "runtime") !== undefined,
  );
  const named: { readonly runtime: string; readonly path: Path }[] = written.map(({ runtime, path }) => ({
    runtime,
    path: [...path, "runtime"],
  }));
  const byDefault = textOf(fieldOf(value, "defaults"), "runtime");
  if (byDefault !== undefined) named.push({ runtime: byDefault, path: ["defaults", "runtime"] });
  return named
    .filter(({ runtime }) => isRuntime(runtime) && !surroundings.hasRuntime(runtime))
    .map(({ runtime, path }) => {
      const near = nearest(runtime, BUILT_IN_RUNTIMES);
      const hint =
        near === undefined
          ? `write <root>/runtimes/${runtime}/runtime.json, or use one of: ${BUILT_IN_RUNTIMES.join(", ")}`
          : `did you mean ${near}?`;
      return { code: "fleet-unknown-runtime", message: `this host has no runtime ${quote(runtime)}`, path, hint };
    });
}

function findUnknownClasses(seen: readonly Seen[]): Finding[] {
  return seen.flatMap((one): Finding[] => {
    if (one.class === undefined || !isClass(one.class) || (CLASSES as readonly string[]).includes(one.class)) return [];
    const near = nearest(one.class, CLASSES);
    const hint = near === undefined ? `it is taken as it is; known are ${CLASSES.join(", ")}` : `did you mean ${near}?`;
    return [
      {
        code: "fleet-unknown-class",
        message: `${quote(one.class)} is not a class that iapeer knows`,
        path: [...one.path, "class"],
        hint,
      },
    ];
  });
}
