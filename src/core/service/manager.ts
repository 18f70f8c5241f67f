import type { Env } from "../paths.ts";
import { platformOf, type ServicePlace } from "./place.ts";

/** What a call of the service manager came to; judged by its exit status. */
export type ManagerAnswer = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly why: string; readonly stdout: string };

/** systemd of the user, and not that of the host. */
export const SYSTEMCTL = ["systemctl", "--user"] as const;

const COMMAND_MS = 30_000;

/** Calls the service manager, with a deadline. */
export function callManager(argv: readonly string[], env: Env, timeoutMs = COMMAND_MS): ManagerAnswer {
  const program = Bun.which(argv[0]!, { PATH: env["PATH"] ?? "" });
  const words = argv.slice(0, MOST_WORDS).join(" ") + (argv.length > MOST_WORDS ? " …" : "");
  if (program === null) return { ok: false, why: `${argv[0]} is not here: no service manager runs`, stdout: "" };
  const child = Bun.spawnSync([program, ...argv.slice(1)], { env: { ...env }, stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: timeoutMs, killSignal: "SIGKILL" });
  const stdout = child.stdout.toString();
  if (child.success) return { ok: true, stdout };
  const status = child.exitedDueToTimeout === true ? `no answer within ${timeoutMs / 1000} s` : `exit status ${child.exitCode}`;
  return { ok: false, why: `${words} failed: ${child.stderr.toString().trim() || status}`, stdout };
}

/** So much of a command is said when it fails. */
const MOST_WORDS = 6;

/** Why there is no service manager to talk to; undefined: it answers. */
export function whyNoManager(place: ServicePlace): string | undefined {
  const argv = platformOf(place) === "darwin" ? ["launchctl", "version"] : [...SYSTEMCTL, "show", "--property=Version"];
  const answer = callManager(argv, place.env);
  return answer.ok ? undefined : answer.why;
}
