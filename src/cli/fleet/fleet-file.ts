import { IapeerError } from "../../model/errors.ts";
import type { Fleet } from "../../model/agent.ts";
import type { Problem } from "../../fleet/file/problems.ts";
import { fleetPath, type FleetReading, readFleet } from "../../fleet/file/read.ts";
import { surroundingsOf } from "../../fleet/file/surroundings.ts";
import { createColors } from "../colors.ts";
import type { Context } from "../../app/app.ts";
import type { Output } from "../output.ts";
import { defineArg } from "../verb.ts";
import { countProblems, renderProblem } from "./problems.ts";

/** `--file F` of verbs that read the fleet file. */
export const FLEET_FILE = defineArg({
  type: "string",
  valueHint: "file",
  description: "the fleet file, instead of $IAPEER_FLEET or fleet.yaml in the root",
  completes: "files",
});

/** A fleet file without an error. */
export interface FleetFile {
  readonly path: string;
  readonly text: string;
  readonly fleet: Fleet;
  /** Warnings only. */
  readonly problems: readonly Problem[];
}

/**
 * The fleet file that a call means.
 *
 * @throws IapeerError `file-not-found`; `fleet-invalid` for one with an error, and then the person is told of all.
 */
export function openFleetFile(named: string | undefined, context: Context): FleetFile {
  const path = fleetPath(context.layout, context.env, named);
  const reading = readFleet(path, surroundingsOf(context.layout, context.env));
  if (reading.isMissing) throw noFleetFile(path);
  return { path, ...requireFleet(path, reading, context) };
}

/** What a reading came to, where it is a fleet. Throws `fleet-invalid`. */
export function requireFleet(
  path: string,
  { fleet, text, problems }: FleetReading,
  { output }: Context,
): Omit<FleetFile, "path"> {
  if (fleet !== undefined && text !== undefined) return { fleet, text, problems };
  tellProblems(problems, output);
  throw new IapeerError("fleet-invalid", `${path}: no fleet, ${countProblems(problems)}`, {
    hint: `see: iapeer fleet check ${path}`,
    details: { file: path, problems },
  });
}

/** Says what is wrong with a fleet file; with --json it is in what is printed. */
export function tellProblems(problems: readonly Problem[], output: Output): void {
  if (!output.isJson) problems.flatMap((problem) => renderProblem(problem, createColors(false))).forEach(output.note);
}

/** `file-not-found`. */
export function noFleetFile(path: string): IapeerError {
  return new IapeerError("file-not-found", `there is no fleet file at ${path}`, {
    hint: "begin one: iapeer fleet init --profile general --write",
    details: { path },
  });
}
