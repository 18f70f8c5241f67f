import { dirname } from "node:path";
import { realpathSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { refuseRealRootInSandbox } from "../../core/layout.ts";
import { checkFleet } from "../../fleet/file/check.ts";
import { fleetPath, readFleet } from "../../fleet/file/read.ts";
import { replaceFleetFile } from "../../fleet/edit/replace.ts";
import { surroundingsOf } from "../../fleet/file/surroundings.ts";
import type { Context } from "../app.ts";
import { type Applied, applyFleet, type ApplyOptions, prepareApply } from "./apply.ts";
import { type FleetFile, noFleetFile, requireFleet, tellProblems } from "../../cli/fleet/fleet-file.ts";
import { withFleetLock } from "./lock.ts";

export interface FileEdit {
  /** The fleet file, as `--file` names it. */
  readonly file: string | undefined;
  /** Of the text one that says something else of that agent. */
  readonly edit: (text: string) => string;
  /** The agent that the edit is about. */
  readonly agent: string;
}

/**
 * Edits the fleet file and applies it. When that cannot be done for the agent that it is about, the file stays as it is.
 *
 * @throws IapeerError what the edit throws; `file-not-found`, `fleet-invalid`, `fleet-policy`, `fleet-changed`; the agent's own obstacle.
 */
export async function editAndApply({ file, edit, agent }: FileEdit, options: ApplyOptions, context: Context): Promise<Applied> {
  refuseRealRootInSandbox(context.env, fleetPath(context.layout, context.env, file));
  const act = async () => {
    const before = openForEdit(file, context);
    const after = edited(before.path, edit(before.text), context);
    tellProblems(after.problems, context.output);
    if (options.isDryRun) return await applyFleet(after, options, context);
    await refuseObstacle(agent, prepareApply(after, { ...options, signal: new AbortController().signal }, context));
    replaceFleetFile(before.path, {
      before: before.text,
      after: after.text,
      surroundings: surroundingsOf(context.layout, context.env),
    });
    // It was asked for before the file was written; what is written is to be applied.
    return await applyFleet(after, { ...options, ifRevision: undefined }, context);
  };
  return options.isDryRun ? await act() : await withFleetLock(context, act);
}

/** What is wrong with it may be what the edit mends; one that is not ours to trust is not edited. */
function openForEdit(file: string | undefined, context: Context): Pick<FleetFile, "path" | "text"> {
  const { layout, env } = context;
  const path = fleetPath(layout, env, file);
  const reading = readFleet(path, surroundingsOf(layout, env));
  if (reading.isMissing) throw noFleetFile(path);
  const isTrusted = !reading.problems.some(({ code }) => code === "fleet-insecure");
  if (reading.text !== undefined && isTrusted) return { path, text: reading.text };
  return { path, ...requireFleet(path, reading, context) };
}

/** @throws IapeerError `fleet-policy`, `fleet-invalid`: the file would be wrong after the edit, and stays as it is. */
function edited(path: string, text: string, { layout, env }: Context): FleetFile {
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

async function refuseObstacle(agent: string, { plan, steps }: ReturnType<typeof prepareApply>): Promise<void> {
  const row = plan.rows.find(({ peer }) => peer === agent);
  if (row === undefined) return;
  try {
    await steps.check(row);
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    throw new IapeerError(error.code, `${error.message}; the fleet file was not changed`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      ...(error.details !== undefined && { details: error.details }),
      cause: error,
    });
  }
}
