import { resolve } from "node:path";
import type { Env, Layout } from "../layout.ts";
import { readVariable } from "../variables.ts";

/** The only variables that a unit file may hold: they say where things are, and none is secret. */
const NAMES = ["IAPEER_ROOT", "IAPEER_SOCK_DIR", "PATH", "TMUX_TMPDIR"] as const;

/** The environment of a service. Only PATH is always there. */
export type ServiceEnvironment = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/**
 * The environment that a service needs to find the same root, sockets and programs as this call. A service has no useful working folder,
 * so every path is absolute.
 */
export function serviceEnvironment(env: Env, { root, socketFolder }: Layout): ServiceEnvironment {
  const { PATH: path, TMUX_TMPDIR: tmuxFolder } = env;
  return {
    ...(readVariable(env, "IAPEER_ROOT") !== undefined && { IAPEER_ROOT: root }),
    ...(readVariable(env, "IAPEER_SOCK_DIR") !== undefined && { IAPEER_SOCK_DIR: socketFolder }),
    PATH: path ?? "/usr/bin:/bin",
    ...(tmuxFolder && { TMUX_TMPDIR: resolve(tmuxFolder) }),
  };
}

/** The environment in a value that was read; undefined for a value that is no object. Other variables are left out. */
export function parseServiceEnvironment(value: unknown): ServiceEnvironment | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const read = value as Record<string, unknown>;
  const pairs = NAMES.flatMap((name) => (typeof read[name] === "string" ? [[name, read[name]] as const] : []));
  return Object.fromEntries(pairs);
}
