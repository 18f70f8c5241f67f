import { resolve } from "node:path";
import type { Env, Layout } from "../layout.ts";

/** The only variables that a service's file ever holds: where things are, and nothing secret. */
const NAMES = ["IAPEER_ROOT", "IAPEER_SOCK_DIR", "PATH", "TMUX_TMPDIR"] as const;

/** What a service has in its environment, by the names above; the one that is not set is not there, apart from PATH. */
export type ServiceEnvironment = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/**
 * The variables that say where things are, as they are set now: with IAPEER_ROOT the sockets are elsewhere than without. A service has
 * no working directory to speak of, so every path is absolute.
 */
export function serviceEnvironment(env: Env, { root, socketFolder }: Layout): ServiceEnvironment {
  const { IAPEER_ROOT: namedRoot, IAPEER_SOCK_DIR: namedFolder, PATH: path, TMUX_TMPDIR: tmuxFolder } = env;
  return {
    ...(namedRoot && { IAPEER_ROOT: root }),
    ...(namedFolder && { IAPEER_SOCK_DIR: socketFolder }),
    PATH: path ?? "/usr/bin:/bin",
    ...(tmuxFolder && { TMUX_TMPDIR: resolve(tmuxFolder) }),
  };
}

/** What of a value that was read is such an environment. */
export function parseServiceEnvironment(value: unknown): ServiceEnvironment | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const read = value as Record<string, unknown>;
  const pairs = NAMES.flatMap((name) => (typeof read[name] === "string" ? [[name, read[name]] as const] : []));
  return Object.fromEntries(pairs);
}
