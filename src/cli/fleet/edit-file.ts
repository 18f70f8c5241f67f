import { dirname } from "node:path";
import { realpathSync } from "node:fs";
import { IapeerError } from "../../core/errors.ts";
import { refuseRealRootInSandbox } from "../../core/paths.ts";
import { checkFleet } from "../../fleet/check.ts";
import { fleetPath } from "../../fleet/read.ts";
import { replaceFleetFile } from "../../fleet/replace.ts";
import { surroundingsOf } from "../../fleet/surroundings.ts";
import type { Context } from "../context.ts";
import { type Applied, applyFleet, type ApplyOptions, prepareApply } from "./apply.ts";
import { type FleetFile, openFleetFile, requireFleet } from "./fleet-file.ts";
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
 * @throws IapeerError what the edit and openFleetFile throw; `fleet-changed`; the agent's own obstacle.
 */
export async function editAndApply({ file, edit, agent }: FileEdit, options: ApplyOptions, context: Context): Promise<Applied> {
  refuseRealRootInSandbox(context.env, fleetPath(context.layout, context.env, file));
  const act = async () => {
    const before = openFleetFile(file, context);
    const after = edited(before, edit(before.text), context);
    if (options.isDryRun) return await applyFleet(after, options, context);
    await refuseObstacle(agent, prepareApply(after, options, context));
    replaceFleetFile(before.path, { before: before.text, after: after.text, surroundings: surroundingsOf(context.layout, context.env) });
    return await applyFleet(after, options, context);
  };
  return options.isDryRun ? await act() : await withFleetLock(context, act);
}

function edited({ path }: FleetFile, text: string, context: Context): FleetFile {
  const { layout, env } = context;
  const checked = checkFleet({ text, file: path, base: dirname(realpathSync(path)) }, surroundingsOf(layout, env));
  // Its warnings were told when it was read.
  const quiet = { ...context, output: { ...context.output, note: () => undefined } };
  return { path, ...requireFleet(path, { ...checked, text }, checked.fleet === undefined ? context : quiet) };
}

async function refuseObstacle(agent: string, { plan, steps }: ReturnType<typeof prepareApply>): Promise<void> {
  const row = plan.rows.find(({ peer }) => peer === agent);
  if (row === undefined) return;
  try {
    await steps.check(row);
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    throw new IapeerError(error.code, `${error.message}; the fleet file was not changed`, { ...(error.hint !== undefined && { hint: error.hint }), ...(error.details !== undefined && { details: error.details }), cause: error });
  }
}
