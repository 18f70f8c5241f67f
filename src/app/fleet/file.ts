import { refuseRealRootInSandbox } from "../../core/layout.ts";
import { fleetPath, readFleet, readFleetText, surroundingsOf } from "../../fleet/file/file.ts";
import type { FleetReading, Problem } from "../../fleet/file/types.ts";
import { createFleetFile, type ProfileName, renderProfile } from "../../fleet/init.ts";
import type { Fleet } from "../../model/agent.ts";
import { IapeerError } from "../../model/errors.ts";
import { authorize } from "../authority.ts";
import type { App } from "../types.ts";

type FileApp = Pick<App, "layout" | "env">;

/** A fleet file without an error. */
export interface FleetFile {
  readonly path: string;
  readonly text: string;
  readonly fleet: Fleet;
  /** Warnings only. */
  readonly problems: readonly Problem[];
}

/**
 * Reads the fleet file that a call means.
 *
 * @param named the file that `--file` names
 * @throws IapeerError `file-not-found`; `fleet-invalid` for a file with an error, with every problem in its details.
 */
export function openFleet({ layout, env }: FileApp, named: string | undefined): FleetFile {
  const path = fleetPath(layout, env, named);
  return requireFleet(path, readFleet(path, surroundingsOf(layout, env)));
}

/** The same file as it is now. It is checked again only where its text has changed. */
export function reopenFleet(app: FileApp, before: FleetFile): FleetFile {
  return readFleetText(before.path) === before.text ? before : openFleet(app, before.path);
}

/**
 * Reads the fleet file that a call means to edit. It may have errors, which the edit may mend. Nobody else may write it.
 *
 * @param onProblems gets every problem of a file that cannot be edited
 * @throws IapeerError `file-not-found`, `fleet-invalid`; `sandbox-violation` for a file in the real root.
 */
export function openForEdit(
  { layout, env }: FileApp,
  named: string | undefined,
  onProblems: (problems: readonly Problem[]) => void,
): Pick<FleetFile, "path" | "text"> {
  const path = fleetPath(layout, env, named);
  refuseRealRootInSandbox(env, path);
  const reading = readFleet(path, surroundingsOf(layout, env));
  const isTrusted = !reading.problems.some(({ code }) => code === "fleet-insecure");
  if (reading.text !== undefined && isTrusted) return { path, text: reading.text };
  onProblems(reading.problems);
  return requireFleet(path, reading);
}

function requireFleet(path: string, { fleet, text, problems, isMissing }: FleetReading): FleetFile {
  if (isMissing) throw noFleetFile(path);
  if (fleet !== undefined && text !== undefined) return { path, fleet, text, problems };
  throw new IapeerError("fleet-invalid", `${path}: no fleet, ${countProblems(problems)}`, {
    hint: `see: iapeer fleet check ${path}`,
    details: { file: path, problems },
  });
}

function noFleetFile(path: string): IapeerError {
  return new IapeerError("file-not-found", `there is no fleet file at ${path}`, {
    hint: "begin one: iapeer fleet init --profile general --write",
    details: { path },
  });
}

/** "2 errors, 1 warning", or "no problems". */
export function countProblems(problems: readonly Problem[]): string {
  const words = (["error", "warning"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return words.length === 0 ? "no problems" : words.join(", ");
}

/** As `fleet check --json` prints it. */
export interface FleetCheck {
  /** Without an error; it may have warnings. */
  readonly ok: boolean;
  readonly file: string;
  readonly problems: readonly Problem[];
}

/**
 * Every problem in a fleet file, and how many agents it has where it is a fleet.
 *
 * @throws IapeerError `file-not-found`.
 */
export function checkFleetFile(
  { layout, env }: FileApp,
  named: string | undefined,
): { readonly check: FleetCheck; readonly agents: number | undefined } {
  const path = fleetPath(layout, env, named);
  // A person reads the problems with the name that they typed.
  const file = named === undefined || named.startsWith("~") ? path : named;
  const { fleet, problems, isMissing } = readFleet(file, surroundingsOf(layout, env));
  if (isMissing) throw noFleetFile(file);
  const ok = problems.every(({ severity }) => severity !== "error");
  return { check: { ok, file, problems }, agents: fleet?.agents.length };
}

export interface FleetInitRequest {
  readonly profile: ProfileName;
  /** The file that `--file` names. */
  readonly file: string | undefined;
  /** True to write it; false to return it only. */
  readonly isWritten: boolean;
}

/** As `fleet init --json` prints it. */
export interface FleetInit {
  readonly profile: ProfileName;
  readonly file: string;
  readonly written: boolean;
  readonly text: string;
}

/**
 * A commented fleet file to begin with. A file that exists is never overwritten.
 *
 * @throws IapeerError `not-authorized`, `fleet-exists`, `write-failed`, `sandbox-violation`.
 */
export function initFleet(app: App, { profile, file: named, isWritten }: FleetInitRequest): FleetInit {
  const { layout, env } = app;
  if (isWritten) authorize(app, "fleet init");
  const file = fleetPath(layout, env, named);
  const text = renderProfile(profile, surroundingsOf(layout, env));
  if (isWritten) {
    refuseRealRootInSandbox(env, file);
    createFleetFile(file, text);
  }
  return { profile, file, written: isWritten, text };
}
