import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { readApplied, withFleetLock } from "../../fleet/applied.ts";
import { addAgent, removeAgent, replaceFleetFile } from "../../fleet/edit/edit.ts";
import { checkFleet, surroundingsOf } from "../../fleet/file/file.ts";
import type { Problem } from "../../fleet/file/types.ts";
import type { NewAgent } from "../../model/agent.ts";
import { IapeerError } from "../../model/errors.ts";
import { authorize } from "../authority.ts";
import type { App } from "../types.ts";
import { type ApplyReport, type ApplyOptions, carryOut, DEFAULT_JOBS, prepareApply, type Prepared } from "./apply.ts";
import { type FleetFile, openForEdit } from "./file.ts";

interface FleetEdit extends Pick<ApplyOptions, "isDryRun" | "ifRevision"> {
  /** The file that `--file` names. */
  readonly file: string | undefined;
  /** Gets the warnings about the edited file before anything is changed; for a file that cannot be edited, every problem. */
  readonly onProblems: (problems: readonly Problem[]) => void;
}

export interface AddToFleetRequest extends FleetEdit {
  readonly agent: NewAgent;
  /** True to launch it. */
  readonly isStarted: boolean;
}

/**
 * Writes one more agent into the fleet file, and applies the file. The file stays as it is where the agent cannot be added.
 *
 * @throws IapeerError `not-authorized`, `agent-exists`, `invalid-value`, `file-not-found`, `fleet-invalid`, `fleet-policy`, `fleet-changed`, `lock-busy`,
 *   `interrupted`, `revision-conflict`, and what stands in the agent's way.
 */
export async function addToFleet(app: App, request: AddToFleetRequest, signal: AbortSignal): Promise<ApplyReport> {
  const { agent, isStarted, isDryRun } = request;
  if (!isDryRun) authorize(app, "fleet add", agent.name);
  const edit = { name: agent.name, edit: (text: string) => addAgent(text, agent) };
  const options = {
    isPruned: () => false,
    isForced: false,
    isStarted: (name: string) => isStarted && name === agent.name,
    jobs: DEFAULT_JOBS,
  };
  return await editAndApply(app, { ...request, ...options, ...edit }, signal);
}

export interface TakeFromFleetRequest extends FleetEdit {
  readonly name: string;
  /** End its live sessions first. */
  readonly isForced: boolean;
}

/**
 * Takes one agent out of the fleet file, and off this host. The file stays as it is where the agent cannot be removed.
 *
 * @throws IapeerError `agent-not-found`, and the others of addToFleet.
 */
export async function takeFromFleet(app: App, request: TakeFromFleetRequest, signal: AbortSignal): Promise<ApplyReport> {
  const { name, isDryRun } = request;
  if (!isDryRun) authorize(app, "fleet remove", name);
  const edit = { name, edit: (text: string) => withoutAgent(app, text, name) };
  const options = { isPruned: (one: string) => one === name, isStarted: () => false, jobs: DEFAULT_JOBS };
  return await editAndApply(app, { ...request, ...options, ...edit }, signal);
}

/** Removes an agent from the text. An agent that only the host still has was half removed before: then the text stays. */
function withoutAgent({ layout }: App, text: string, name: string): string {
  try {
    return removeAgent(text, name);
  } catch (error) {
    if (!(error instanceof IapeerError) || error.code !== "agent-not-found") throw error;
    const applied = readApplied(layout);
    const isHere = [...(applied?.agents ?? []), ...(applied?.left ?? [])].some((one) => one.name === name);
    if (isHere) return text;
    throw error;
  }
}

interface Editing extends FleetEdit, ApplyOptions {
  /** The agent that the edit is about. */
  readonly name: string;
  readonly edit: (text: string) => string;
}

async function editAndApply(app: App, editing: Editing, signal: AbortSignal): Promise<ApplyReport> {
  const { file: named, edit, name, onProblems, ...options } = editing;
  const act = async () => {
    const before = openForEdit(app, named, onProblems);
    const file = checkEdited(app, before.path, edit(before.text));
    onProblems(file.problems);
    const prepared = prepareApply(app, { file, options }, signal);
    if (!options.isDryRun) {
      refuseObstacle(name, prepared);
      replaceFleetFile(before.path, { before: before.text, after: file.text });
    }
    return await carryOut(app, prepared, signal);
  };
  return options.isDryRun ? await act() : await withFleetLock(app, act, signal);
}

/** Throws `fleet-policy` or `fleet-invalid` for a file that would be wrong after the edit. */
function checkEdited({ layout, env }: App, path: string, text: string): FleetFile {
  const { fleet, problems } = checkFleet({ text, file: path, base: dirname(realpathSync(path)) }, surroundingsOf(layout, env));
  if (fleet !== undefined) return { path, text, fleet, problems };
  const errors = problems.filter(({ severity }) => severity === "error");
  const code = errors.every((problem) => problem.code === "fleet-policy") ? "fleet-policy" : "fleet-invalid";
  const why = errors.map(({ message }) => message).join("; ");
  const hint = errors.find((problem) => problem.hint !== undefined)?.hint;
  throw new IapeerError(code, `with this change the fleet file would be wrong, so it was not changed: ${why}`, {
    ...(hint !== undefined && { hint }),
    details: { file: path, problems },
  });
}

function refuseObstacle(name: string, { plan, steps }: Prepared): void {
  const row = plan.rows.find(({ peer }) => peer === name);
  if (row === undefined) return;
  try {
    steps.check(row);
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    throw new IapeerError(error.code, `${error.message}; the fleet file was not changed`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      ...(error.details !== undefined && { details: error.details }),
      cause: error,
    });
  }
}
