import { readVariable } from "../core/variables.ts";
import { IapeerError } from "../model/errors.ts";
import { isSshDestination } from "../model/names.ts";
import type { Env } from "../core/layout.ts";
import { encodeParty, type Party } from "../model/party.ts";

/** An agent of another host, as the fleet was applied here. */
export interface RemoteRecipient {
  readonly kind: "remote";
  readonly name: string;
  /** The host's name in the fleet. */
  readonly host: string;
  /** `[user@]host`, as ssh takes it. */
  readonly ssh: string;
  /** The tmux server of that host that the session must be on: a name or an absolute path. */
  readonly socket?: string | undefined;
  readonly runtime?: string | undefined;
  /** The incarnation that its session must be. */
  readonly incarnation?: string | undefined;
}

/** A message for the iapeer of another host. The text goes over its stdin. */
export interface RemoteSend {
  readonly to: RemoteRecipient;
  readonly from: Party;
  readonly verify: boolean;
  /** The grace of an order to sleep. */
  readonly sleepMs?: number | undefined;
}

/**
 * Words that every login shell (sh, bash, zsh, fish, csh) hands on unchanged without quotes. Quotes would not do, because each shell has
 * its own.
 */
const PLAIN = /^(?:~\/|[A-Za-z0-9_./-])[A-Za-z0-9_.:/-]*$/;

/** How long ssh may take to connect, and how often and how far apart it probes a connection. */
const CONNECT_SECS = 10;
const ALIVE_SECS = 3;
const ALIVE_TIMES = 3;

/**
 * Options on top of the person's own ssh configuration, which still gives keys, aliases, jumps and known hosts. ssh uses a connection that
 * the person holds open (ControlMaster), and leaves none behind. `ClearAllForwardings`: a forwarding that is up already makes a second
 * connection fail.
 */
const OPTIONS: readonly string[] = [
  "BatchMode=yes",
  `ConnectTimeout=${CONNECT_SECS}`,
  "ConnectionAttempts=1",
  `ServerAliveInterval=${ALIVE_SECS}`,
  `ServerAliveCountMax=${ALIVE_TIMES}`,
  "ControlMaster=no",
  "ClearAllForwardings=yes",
  "PermitLocalCommand=no",
  "RemoteCommand=none",
  "LogLevel=INFO",
];

/**
 * The arguments of ssh. No shell reads more into them than plain words.
 *
 * @param program iapeer on that host, see remoteProgram
 * @throws IapeerError `fleet-state-corrupt`: the applied fleet has a destination or a socket that no fleet file may have.
 */
export function planSsh(send: RemoteSend, program: string): string[] {
  const { ssh } = send.to;
  if (!isSshDestination(ssh)) throw unusable("ssh", ssh);
  const words = planWords(send, program);
  const odd = words.find((word) => !PLAIN.test(word));
  if (odd !== undefined) throw unusable("a word", odd);
  return ["-T", "-a", "-x", ...OPTIONS.flatMap((option) => ["-o", option]), "--", ssh, ...words];
}

/** The command on that host. */
function planWords({ to, from, verify, sleepMs }: RemoteSend, program: string): string[] {
  return [
    program,
    "send",
    to.name,
    "--from",
    encodeParty(from),
    ...(to.runtime === undefined ? [] : ["--runtime", to.runtime]),
    ...(to.socket === undefined ? [] : ["--socket", to.socket]),
    ...(to.incarnation === undefined ? [] : ["--if-incarnation", to.incarnation]),
    ...(verify ? ["--verify"] : []),
    ...(sleepMs === undefined ? [] : ["--directive", "sleep", "--grace", `${Math.round(sleepMs / 1000)}s`]),
    "--json",
    "--file",
    "-",
  ];
}

function unusable(what: string, value: string): IapeerError {
  return new IapeerError("fleet-state-corrupt", `the applied fleet has ${what} that cannot be used: ${JSON.stringify(value)}`, {
    hint: "write it anew: iapeer fleet apply",
  });
}

/**
 * The words that run iapeer on another host: `$IAPEER_REMOTE_BIN`, else `iapeer` on the PATH that sshd gives to a command there.
 *
 * @throws IapeerError `invalid-value`.
 */
export function remoteProgram(env: Env): string {
  return readVariable(env, "IAPEER_REMOTE_BIN") ?? "iapeer";
}
