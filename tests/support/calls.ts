import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ErrorView } from "../../src/model/errors.ts";
import type { Finished, Sandbox } from "./sandbox.ts";

/** The error of a `--json` call: stderr's only line. */
export function errorLine({ stderr }: Finished): ErrorView {
  const lines = stderr.trimEnd().split("\n");
  if (lines.length !== 1) throw new Error(`not one line: ${stderr}`);
  return (JSON.parse(lines[0]!) as { error: ErrorView }).error;
}

/** Runs a call. Throws when it fails. */
export async function ok(sandbox: Sandbox, ...args: string[]): Promise<Finished> {
  const finished = await sandbox.iapeer(...args);
  if (finished.status !== 0) throw new Error(`iapeer ${args.join(" ")}: exit ${finished.status}: ${finished.stderr}`);
  return finished;
}

/** A JSON file of the sandbox, parsed. */
export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}

export interface RegistryFile {
  readonly revision: number;
  readonly peers: readonly Readonly<Record<string, unknown>>[];
}

/** The registry as it stands on disk. */
export function readRegistryFile({ root }: Sandbox): RegistryFile {
  return readJson(join(root, "peers-profiles.json")) as unknown as RegistryFile;
}

/** The mode of a file as four octal digits: `0700`. */
export function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8).padStart(4, "0");
}

/** A slot whose commands append their arguments to a file, one line a call, and end with the given status. */
export function recordingSlot(sandbox: Sandbox, { exit = 0, version = "1.0.0" } = {}): { told: () => string[] } {
  const log = `${sandbox.folder}/told`;
  const command = sandbox.script(
    "provider",
    `printf '%s\\n' "$*" >>'${log}'\n[ ${exit} = 0 ] || echo "said on stderr" >&2\nexit ${exit}`,
  );
  const args = ["{occasion}", "{runtime}", "{personality}", "{cwd}"];
  sandbox.slot({
    provider: "p",
    package: "@x/p",
    version,
    provision: { command, args: ["provision", ...args] },
    unprovision: { command, args: ["unprovision", ...args] },
  });
  return { told: () => readLines(log) };
}

function readLines(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return [];
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

/** One field of each row. */
export function valuesOf(rows: readonly Record<string, unknown>[], field: string): unknown[] {
  return rows.map((row) => row[field]);
}
