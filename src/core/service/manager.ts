import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeErrno } from "../../model/errors.ts";
import { readWhole } from "../disk/files.ts";
import type { Env } from "../layout.ts";
import { platformOf, type ServicePlace } from "./place.ts";

/** What a call of the service manager came to; judged by its exit status. */
export type ManagerAnswer =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly why: string; readonly stdout: string };

/** systemd of the user, and not that of the host. */
export const SYSTEMCTL = ["systemctl", "--user"] as const;

const COMMAND_MS = 30_000;

/** Calls the service manager, with a deadline. What it leaves running is not waited for, whatever that holds open. */
export function callManager(argv: readonly string[], env: Env, timeoutMs = COMMAND_MS): ManagerAnswer {
  const program = Bun.which(argv[0]!, { PATH: env["PATH"] ?? "" });
  const words = argv.slice(0, MOST_WORDS).join(" ") + (argv.length > MOST_WORDS ? " …" : "");
  if (program === null) return { ok: false, why: `${argv[0]} is not here: no service manager runs`, stdout: "" };
  try {
    using outputs = openOutputs();
    const { out, err } = outputs;
    const child = Bun.spawnSync([program, ...argv.slice(1)], {
      env: { ...env },
      stdin: "ignore",
      stdout: out,
      stderr: err,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    const stdout = textOf(out);
    if (child.success) return { ok: true, stdout };
    const status = child.exitedDueToTimeout === true ? `no answer within ${timeoutMs / 1000} s` : `exit status ${child.exitCode}`;
    return { ok: false, why: `${words} failed: ${textOf(err).trim() || status}`, stdout };
  } catch (error) {
    return { ok: false, why: `${words} could not be run: ${describeErrno(error)}`, stdout: "" };
  }
}

interface Outputs extends Disposable {
  readonly out: number;
  readonly err: number;
}

/**
 * Two private files that have no name any more. A pipe would be read until everybody who holds it has ended, the daemons that a command
 * leaves behind too, and no deadline ends that.
 */
function openOutputs(): Outputs {
  const folder = mkdtempSync(join(tmpdir(), "iapeer-"));
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

/** More than a service manager ever says. */
const MOST_BYTES = 1024 * 1024;

/** So much of a command is said when it fails. */
const MOST_WORDS = 6;

/** Why there is no service manager to talk to; undefined: it answers. */
export function whyNoManager(place: ServicePlace): string | undefined {
  const argv = platformOf(place) === "darwin" ? ["launchctl", "version"] : [...SYSTEMCTL, "show", "--property=Version"];
  const answer = callManager(argv, place.env);
  return answer.ok ? undefined : answer.why;
}
