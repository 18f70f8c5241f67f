import * as v from "valibot";
import { IapeerError } from "../model/errors.ts";
import { goodState, readState, renderState, type StateFile, stateOf, writeState } from "../core/disk/state-file.ts";
import { checkSchema } from "../core/text/schema-check.ts";
import { isHostName, isPersonality, isRuntime, isSocketName, isSocketPlace, isSshDestination } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { type Agent, type Fleet, isClass } from "../model/agent.ts";

/** An agent as it was last applied. */
export type AppliedAgent = Omit<Agent, "line">;

/**
 * The fleet as it was last applied. It is what sessions and messages go by, so that a fleet file that somebody is writing on changes
 * nothing before it is applied.
 */
export interface AppliedFleet extends Pick<Fleet, "socketName"> {
  /** The fleet file that it is from. */
  readonly file: string;
  readonly agents: readonly AppliedAgent[];
  /** Who was an agent, is declared no more and is still here: no member, and what --prune takes away. */
  readonly left: readonly AppliedAgent[];
}

const VERSION = 1;

const agentSchema = v.object({
  name: v.pipe(v.string(), v.check(isPersonality, "is not an agent's name")),
  class: v.pipe(v.string(), v.check(isClass, "is not a class")),
  runtime: v.pipe(v.string(), v.check(isRuntime, "is not a runtime's name")),
  model_hint: v.optional(v.string()),
  working_directory: v.optional(v.string()),
  persistent_persona: v.boolean(),
  host: v.optional(v.pipe(v.string(), v.check(isHostName, "is not a host's name"))),
  ssh: v.optional(v.pipe(v.string(), v.check(isSshDestination, "is not [user@]host"))),
  socket: v.optional(v.pipe(v.string(), v.check(isSocketPlace, "is not a socket's name or path"))),
});
const fileSchema = v.object({
  version: v.literal(VERSION),
  file: v.string(),
  socket_name: v.optional(v.pipe(v.string(), v.check(isSocketName, "is not a socket's name"))),
  agents: v.array(agentSchema),
  left: v.array(agentSchema),
});

const appliedFile: StateFile<AppliedFleet> = {
  what: "what was last applied of the fleet",
  maxBytes: 16 * 1024 * 1024,
  unreadable: "fleet-state-corrupt",
  insecure: "fleet-state-corrupt",
  check: checkSchema(v.pipe(fileSchema, v.transform(toFleet))),
  toJson: toFile,
  explain: corrupt,
};

/**
 * What was applied last; undefined: nothing ever was.
 *
 * @throws IapeerError `fleet-state-corrupt`, `read-failed`. The next apply writes it anew.
 */
export function readApplied(layout: Layout): AppliedFleet | undefined {
  return stateOf(readState(layout.appliedFleet, appliedFile));
}

/** Writes down what is applied now; a file that says so already stays untouched. */
export function writeApplied(layout: Layout, fleet: AppliedFleet): void {
  // A file that does not read is written anew.
  const before = goodState(readState(layout.appliedFleet, appliedFile));
  const isWritten = before !== undefined && renderState(before, appliedFile) === renderState(fleet, appliedFile);
  if (!isWritten) writeState(layout.appliedFleet, fleet, appliedFile);
}

function corrupt(path: string, why: string): IapeerError {
  return new IapeerError("fleet-state-corrupt", `what was last applied of the fleet cannot be read: ${path}: ${why}`, {
    hint: "write it anew: iapeer fleet apply",
    details: { path },
  });
}

function toFile({ file, socketName, agents, left }: AppliedFleet): v.InferOutput<typeof fileSchema> {
  return {
    version: VERSION,
    file,
    ...(socketName !== undefined && { socket_name: socketName }),
    agents: agents.map(toRow),
    left: left.map(toRow),
  };
}

function toFleet({ file, socket_name: socketName, agents, left }: v.InferOutput<typeof fileSchema>): AppliedFleet {
  return { file, ...(socketName !== undefined && { socketName }), agents: agents.map(toAgent), left: left.map(toAgent) };
}

function toRow({
  name,
  class: agentClass,
  runtime,
  modelHint,
  workingDirectory,
  isPersistent,
  remote,
}: AppliedAgent): v.InferOutput<typeof agentSchema> {
  return {
    name,
    class: agentClass,
    runtime,
    ...(modelHint !== undefined && { model_hint: modelHint }),
    ...(workingDirectory !== undefined && { working_directory: workingDirectory }),
    persistent_persona: isPersistent,
    ...remote,
  };
}

function toAgent(row: v.InferOutput<typeof agentSchema>): AppliedAgent {
  const { host, ssh, socket } = row;
  return {
    name: row.name,
    class: row.class,
    runtime: row.runtime,
    ...(row.model_hint !== undefined && { modelHint: row.model_hint }),
    ...(row.working_directory !== undefined && { workingDirectory: row.working_directory }),
    isPersistent: row.persistent_persona,
    ...(host !== undefined && ssh !== undefined && { remote: { host, ssh, ...(socket !== undefined && { socket }) } }),
  };
}
