import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeErrno, IapeerError } from "../../model/errors.ts";
import { readWhole } from "../disk/files.ts";
import type { Env } from "../layout.ts";
import { platformOf, type ServicePlace } from "./place.ts";

/** The answer of a service manager, judged by its exit status. */
export type ManagerAnswer =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly why: string; readonly stdout: string };

/** How to call a service manager. */
export interface ManagerCall {
  /** Its environment, and the PATH that it is found on. */
  readonly env: Env;
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  /** Kills the call: `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls the user's systemd, not the host's. */
export const SYSTEMCTL = ["systemctl", "--user"] as const;

const COMMAND_MS = 30_000;

/**
 * Calls a service manager. It waits for that process alone, and no longer than the deadline: not for the processes that it leaves behind,
 * even where they keep its stdout open.
 *
 * @throws IapeerError `interrupted`: the signal was aborted before the answer.
 */
export async function callManager(
  argv: readonly string[],
  { env, timeoutMs = COMMAND_MS, signal }: ManagerCall,
): Promise<ManagerAnswer> {
  refuseInterrupted(signal);
  const words = argv.slice(0, MOST_WORDS).join(" ") + (argv.length > MOST_WORDS ? " …" : "");
  const program = Bun.which(argv[0]!, { PATH: env["PATH"] ?? "" });
  if (program === null) return { ok: false, why: `${argv[0]} is not here: no service manager runs`, stdout: "" };
  try {
    using outputs = openOutputs(env["TMPDIR"] || "/tmp");
    const startMs = performance.now();
    const { out, err } = outputs;
    const child = Bun.spawn([program, ...argv.slice(1)], {
      env: { ...env },
      stdin: "ignore",
      stdout: out,
      stderr: err,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      ...(signal !== undefined && { signal }),
    });
    const status = await child.exited;
    refuseInterrupted(signal);
    const stdout = textOf(out);
    if (status === 0) return { ok: true, stdout };
    const isLate = child.signalCode === "SIGKILL" && performance.now() - startMs >= timeoutMs;
    const how = isLate ? `no answer within ${timeoutMs / 1000} s` : `exit status ${status}`;
    return { ok: false, why: `${words} failed: ${textOf(err).trim() || how}`, stdout };
  } catch (error) {
    if (error instanceof IapeerError) throw error;
    return { ok: false, why: `${words} could not be run: ${describeErrno(error)}`, stdout: "" };
  }
}

function refuseInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new IapeerError("interrupted", "interrupted before the service manager had answered");
}

interface Outputs extends Disposable {
  readonly out: number;
  readonly err: number;
}

/**
 * Opens two private files and removes their names. A pipe would be read until every process that holds it has ended. The daemons that a
 * command leaves behind hold it too.
 */
function openOutputs(above: string): Outputs {
  const folder = mkdtempSync(join(above, "iapeer-"));
  try {
    const [out, err] = ["out", "err"].map((name) => openSync(join(folder, name), "wx+", 0o600)) as [number, number];
    return { out, err, [Symbol.dispose]: () => [out, err].forEach((fd) => closeSync(fd)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function textOf(fd: number): string {
  return readWhole(fd, Math.min(fstatSync(fd).size, MOST_BYTES)).toString("utf8");
}

/** More than a service manager ever prints. */
const MOST_BYTES = 1024 * 1024;

/** How many words of a failed command its message repeats. */
const MOST_WORDS = 6;

/**
 * Why no service manager answers; undefined when one does.
 *
 * @throws IapeerError `interrupted`.
 */
export async function whyNoManager(place: ServicePlace, signal?: AbortSignal): Promise<string | undefined> {
  const argv = platformOf(place) === "darwin" ? ["launchctl", "version"] : [...SYSTEMCTL, "show", "--property=Version"];
  const answer = await callManager(argv, { env: place.env, signal });
  return answer.ok ? undefined : answer.why;
}
