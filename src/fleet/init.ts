import { closeSync, constants, fsyncSync, openSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder, syncFolder, writeAll } from "../core/disk/files.ts";
import { errnoOf, ioError, IapeerError } from "../model/errors.ts";
import { checkFleet } from "./file/file.ts";
import type { Surroundings } from "./file/types.ts";

interface Row {
  readonly name: string;
  readonly class: string;
  readonly runtime: string;
  readonly modelHint?: string;
  readonly isPersistent?: boolean;
  /** Its purpose, as a comment in the person's file. */
  readonly comment: string;
}

interface Profile {
  /** For the help. */
  readonly summary: string;
  readonly hasFloor: boolean;
  readonly rows: readonly Row[];
}

const ORCHESTRATOR: Row = {
  name: "orchestrator",
  class: "orchestrator",
  runtime: "claude",
  isPersistent: true,
  comment: "hands out the work; the one that people talk to",
};
const ENHANCER: Row = {
  name: "enhancer",
  class: "enhancer",
  runtime: "claude",
  isPersistent: true,
  comment: "looks at how the others work, and makes that better",
};
/** The model of workers with claude, by its own short name: the two of the floor have the account's default. */
const WORKER_MODEL = "sonnet";

const coder = (name: string, runtime: string): Row => ({
  name,
  class: "implementer",
  runtime,
  ...(runtime === "claude" && { modelHint: WORKER_MODEL }),
  comment: "writes code",
});
const reviewer: Row = {
  name: "reviewer",
  class: "reviewer",
  runtime: "codex",
  comment: "reads what the implementers wrote; another runtime sees other things",
};
const researcher = (name: string): Row => ({
  name,
  class: "researcher",
  runtime: "claude",
  modelHint: WORKER_MODEL,
  comment: "finds out, and says from where",
});

/** The profiles that `fleet init` offers. */
export const PROFILES = {
  general: {
    summary: "an orchestrator, an enhancer and one more",
    hasFloor: true,
    rows: [
      ORCHESTRATOR,
      ENHANCER,
      { name: "worker0", class: "operator", runtime: "claude", modelHint: WORKER_MODEL, comment: "does what comes" },
    ],
  },
  coding: {
    summary: "two implementers and a reviewer",
    hasFloor: true,
    rows: [ORCHESTRATOR, ENHANCER, coder("coder0", "claude"), coder("coder1", "codex"), reviewer],
  },
  research: {
    summary: "two researchers and a writer",
    hasFloor: true,
    rows: [
      ORCHESTRATOR,
      ENHANCER,
      researcher("researcher0"),
      researcher("researcher1"),
      { name: "writer", class: "writer", runtime: "claude", comment: "makes one text of what was found" },
    ],
  },
  hybrid: {
    summary: "research and code",
    hasFloor: true,
    rows: [ORCHESTRATOR, ENHANCER, researcher("researcher0"), coder("coder0", "claude"), reviewer],
  },
  minimal: {
    summary: "one agent and no policy",
    hasFloor: false,
    rows: [{ name: "agent0", class: "implementer", runtime: "claude", comment: "the only one" }],
  },
  canary: {
    summary: "one agent to try a host out with",
    hasFloor: false,
    rows: [{ name: "canary0", class: "observer", runtime: "claude", comment: "launched first: where it lives, others will" }],
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];

/**
 * Renders the commented fleet file of a profile.
 *
 * @throws IapeerError `bug` for a profile that does not pass iapeer's own check.
 */
export function renderProfile(name: ProfileName, surroundings: Surroundings): string {
  const text = render(name, PROFILES[name]);
  const { problems } = checkFleet({ text, file: `the profile ${name}`, base: "/" }, surroundings);
  const [first] = problems;
  if (first === undefined) return text;
  throw new IapeerError("bug", `the profile ${name} does not pass the check: line ${first.line}: ${first.message}`, {
    details: { problems },
  });
}

function render(name: string, { hasFloor, rows }: Profile): string {
  return `# The fleet of this host, begun with the profile "${name}".
# After a change: iapeer fleet check
version: 1

# One tmux server an agent. With a name here all share one: tmux -L NAME
tmux:
  socket_name: ""

# What an agent that does not say otherwise gets. Without a working_directory it is a folder of iapeer's own;
# {name} is the agent's name. Agents share a folder only where each has shared_folder: true.
defaults:
  runtime: claude
  # working_directory: ~/src/{name}

${hasFloor ? FLOOR : NO_FLOOR}
# An agent has name and class, and may have runtime, model_hint, working_directory, shared_folder and
# persistent_persona (started at boot). One of another host has host and ssh, and is listed but never launched here.
# No secrets: they belong into an agent's launch.env.
agents:
${rows.map(renderRow).join("\n")}
connector:
  kind: tmux
`;
}

const FLOOR = `# The two-agent floor: exactly one orchestrator, and somebody who makes the work better. "none" switches it off.
policy:
  orchestrators: 1
  min_enhancers: 1
`;

const NO_FLOOR = `# No rule about who is here. The two-agent floor: { orchestrators: 1, min_enhancers: 1 }
policy: none
`;

function renderRow({ name, class: agentClass, runtime, modelHint, isPersistent, comment }: Row): string {
  return `  # ${comment}
  - name: ${name}
    class: ${agentClass}
    runtime: ${runtime}
${modelHint === undefined ? "" : `    model_hint: ${modelHint}\n`}${isPersistent === true ? "    persistent_persona: true\n" : ""}`;
}

/**
 * Creates a fleet file, mode 0600, and the folders above it. Anything that is at that path stays, also a link that leads nowhere.
 *
 * @throws IapeerError `fleet-exists`, `write-failed`.
 */
export function createFleetFile(path: string, text: string): void {
  makeFolder(dirname(path));
  const fd = openNew(path);
  try {
    writeAll(fd, Buffer.from(text, "utf8"));
    fsyncSync(fd);
    syncFolder(dirname(path));
  } catch (error) {
    unlinkSync(path);
    throw ioError("write-failed", "cannot write", path, error);
  } finally {
    closeSync(fd);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw ioError("write-failed", "cannot write", path, error);
    throw new IapeerError("fleet-exists", `there is something at ${path}, which stays as it is`, {
      hint: `look at it: iapeer fleet check ${path}; or write elsewhere with --file`,
      details: { path },
    });
  }
}
