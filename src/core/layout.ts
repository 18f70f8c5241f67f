import { realpathSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { errnoOf, ioError, IapeerError } from "../model/errors.ts";
import { accountHome } from "./libc.ts";
import { readVariable } from "./variables.ts";

/** The environment a command was called with; passed in, never read at import. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Where everything of one root lives (contract 2). All paths are absolute. */
export interface Layout {
  readonly root: string;
  /** The home of the caller. */
  readonly home: string;
  readonly registry: string;
  readonly registryBackup: string;
  readonly registryLock: string;
  readonly slot: string;
  readonly peersFolder: string;
  readonly runtimesFolder: string;
  /** Everything kept about identities: `<identity>.*`. */
  readonly stateFolder: string;
  /** Held by the one supervise of this root. */
  readonly superviseLock: string;
  /** The fleet as it was last applied, and what is held while it is. */
  readonly appliedFleet: string;
  readonly fleetLock: string;
  readonly lifecycleLog: string;
  readonly exitsLog: string;
  /** Forensics, a file a death. */
  readonly deathsFolder: string;
  readonly socketFolder: string;
}

/** The layout of the root that the environment names: `$IAPEER_ROOT`, else `~/.iapeer`. Throws IapeerError `invalid-value`. */
export function layoutFrom(env: Env): Layout {
  const named = readVariable(env, "IAPEER_ROOT");
  const root = resolvePath(named ?? "~/.iapeer", env);
  refuseBrokenText(root);
  refuseRealRootInSandbox(env, root);
  return {
    root,
    home: homeFrom(env),
    registry: join(root, "peers-profiles.json"),
    registryBackup: join(root, "peers-profiles.json.bak"),
    registryLock: join(root, "peers-profiles.lock"),
    slot: join(root, "memory-provider.json"),
    peersFolder: join(root, "peers"),
    runtimesFolder: join(root, "runtimes"),
    stateFolder: join(root, "state", "iapeer", "lifecycle"),
    superviseLock: join(root, "state", "iapeer", "supervise.lock"),
    appliedFleet: join(root, "state", "iapeer", "fleet.json"),
    fleetLock: join(root, "state", "iapeer", "fleet.lock"),
    lifecycleLog: join(root, "logs", "iapeer", "lifecycle.log"),
    exitsLog: join(root, "logs", "iapeer", "exits.log"),
    deathsFolder: join(root, "logs", "iapeer", "server-deaths"),
    socketFolder: socketFolderFrom(env, root),
  };
}

/** The folders that iapeer writes into, with their names for a person. */
export function writtenFolders({
  root,
  stateFolder,
  deathsFolder,
  peersFolder,
  exitsLog,
}: Layout): readonly (readonly [what: string, path: string])[] {
  return [
    ["the root", root],
    ["the state folder", stateFolder],
    ["the logs' folder", dirname(exitsLog)],
    ["the folder of forensics", deathsFolder],
    ["the folder of peers", peersFolder],
  ];
}

/** The log of everything that the session of one identity printed. */
export function sessionLogPath(layout: Layout, identity: string): string {
  return join(layout.root, "logs", "lifecycle", `${identity}.log`);
}

/** The peer's own card. */
export function cardPath(peerFolder: string): string {
  return join(peerFolder, ".iapeer", "peer-profile.json");
}

/** The card of a peer that shares its folder with the one whose card is the folder's. */
export function sharedCardPath(peerFolder: string, personality: string): string {
  return join(peerFolder, ".iapeer", "peers", personality, "peer-profile.json");
}

/** A path as a person writes it, absolute: a leading `~` is the home, and a relative path begins at the current folder. */
export function resolvePath(text: string, env: Env): string {
  return text === "~" || text.startsWith("~/") ? resolve(homeFrom(env), `.${text.slice(1)}`) : resolve(text);
}

/** `$HOME`, else the account's home. */
export function homeFrom(env: Env): string {
  return env["HOME"] || homedir();
}

function socketFolderFrom(env: Env, root: string): string {
  const shared = `/tmp/iapeer-${userInfo().uid}`;
  const named = readVariable(env, "IAPEER_SOCK_DIR");
  const folder =
    named !== undefined
      ? resolvePath(named, env)
      : readVariable(env, "IAPEER_ROOT") !== undefined || isSandboxed(env)
        ? join(root, "socks")
        : shared;
  if (isSandboxed(env) && resolveLinks(folder) === resolveLinks(shared)) throw sandboxViolation(shared);
  return folder;
}

function isSandboxed(env: Env): boolean {
  return readVariable(env, "IAPEER_TEST_SANDBOX") ?? false;
}

/** Bytes that are no UTF-8 arrive as U+FFFD, and would name another folder. */
function refuseBrokenText(root: string): void {
  if (!root.includes("\ufffd")) return;
  throw new IapeerError("invalid-value", `the root's path is not UTF-8: ${root}`, { hint: "set IAPEER_ROOT to a path that is" });
}

/** `sandbox-violation` for a path in the real root, which is in the account's home, whatever $HOME says. */
export function refuseRealRootInSandbox(env: Env, root: string): void {
  if (!isSandboxed(env)) return;
  const real = resolveLinks(join(accountHome(), ".iapeer"));
  const asked = resolveLinks(root);
  if (asked === real || asked.startsWith(`${real}/`)) throw sandboxViolation(real);
}

/** `sandbox-violation` for a folder that is one in the account's own home, whatever $HOME says. */
export function refuseRealFolderInSandbox(env: Env, folder: string, inHome: string): void {
  if (!isSandboxed(env) || resolveLinks(folder) !== resolveLinks(join(accountHome(), inHome))) return;
  throw sandboxViolation(folder, "set HOME to a folder of the sandbox");
}

/**
 * `sandbox-violation` for a folder of named sockets that is no part of the sandbox: below its root, below its socket folder, or below a HOME
 * that is not the account's own. Where `tmux -L` goes by itself is a person's in any case.
 */
export function refuseSocketInSandbox(env: Env, folder: string): void {
  if (!isSandboxed(env)) return;
  const { root, socketFolder } = layoutFrom(env);
  const home = resolveLinks(homeFrom(env));
  const asked = resolveLinks(folder);
  const isInside = [root, socketFolder, ...(isWithin(accountHome(), home) ? [] : [home])].some((one) =>
    isWithin(asked, resolveLinks(one)),
  );
  if (isInside && asked !== resolveLinks(`/tmp/tmux-${userInfo().uid}`)) return;
  throw sandboxViolation(
    folder,
    "set TMUX_TMPDIR to a folder below IAPEER_ROOT, IAPEER_SOCK_DIR or the sandbox's HOME, which must be there",
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Nothing is at such a path, and nothing can be made there. */
const LEADS_NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** Where a path leads, as far as it exists. Throws `read-failed` where that cannot be told. */
export function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined || !LEADS_NOWHERE.has(errno)) throw ioError("read-failed", "cannot resolve", path, error);
    return join(resolveLinks(dirname(path)), basename(path));
  }
}

function sandboxViolation(path: string, hint = "set IAPEER_ROOT to a folder of the sandbox"): IapeerError {
  return new IapeerError("sandbox-violation", `IAPEER_TEST_SANDBOX=1 forbids the use of ${path}`, {
    hint,
    details: { path },
  });
}
