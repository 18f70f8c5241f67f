import { IapeerError } from "../../model/errors.ts";
import { isSshDestination } from "../../model/names.ts";
import type { Env } from "../../core/layout.ts";
import type { RemoteRecipient } from "./recipient.ts";
import { encodeParty, type Party } from "./text.ts";

/** What is asked of the iapeer of another host; the text goes over its stdin. */
export interface RemoteSend {
  readonly to: RemoteRecipient;
  readonly from: Party;
  readonly verify: boolean;
  /** With an order to sleep: the grace. */
  readonly sleepMs?: number | undefined;
}

/**
 * Words that every login shell (sh, bash, zsh, fish, csh) hands on as they are, without any quoting. Quotes would not do: each shell
 * has its own.
 */
const PLAIN = /^(?:~\/|[A-Za-z0-9_./-])[A-Za-z0-9_.:/-]*$/;

/** How long ssh may take to connect, and how often and how long apart it asks a connection whether it still stands. */
const CONNECT_SECS = 10;
const ALIVE_SECS = 3;
const ALIVE_TIMES = 3;

/**
 * Over the person's own ssh configuration, which still has keys, aliases, jumps and known hosts. A connection that they hold open
 * (ControlMaster) is used, and none is left behind. `ClearAllForwardings`: a forwarding that is up already fails a second connection.
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
 * The arguments of ssh. Nothing in them is read by any shell as more than the word that it is.
 *
 * @param program iapeer on that host, see remoteProgram
 * @throws IapeerError `fleet-state-corrupt`: what was applied has a destination or a socket that no fleet file may have.
 */
export function planSsh(send: RemoteSend, program: string): string[] {
  const { ssh } = send.to;
  if (!isSshDestination(ssh)) throw unusable("ssh", ssh);
  const words = planWords(send, program);
  const odd = words.find((word) => !PLAIN.test(word));
  if (odd !== undefined) throw unusable("a word", odd);
  return ["-T", "-a", "-x", ...OPTIONS.flatMap((option) => ["-o", option]), "--", ssh, ...words];
}

/** What is run on that host. */
function planWords({ to, from, verify, sleepMs }: RemoteSend, program: string): string[] {
  return [
    program,
    "send",
    to.name,
    "--from",
    encodeParty(from),
    ...(to.runtime === undefined ? [] : ["--runtime", to.runtime]),
    ...(to.socket === undefined ? [] : ["--socket", to.socket]),
    ...(verify ? ["--verify"] : []),
    ...(sleepMs === undefined ? [] : ["--directive", "sleep", "--grace", `${Math.round(sleepMs / 1000)}s`]),
    "--json",
    "--file",
    "-",
  ];
}

function unusable(what: string, value: string): IapeerError {
  return new IapeerError(
    "fleet-state-corrupt",
    `what was last applied of the fleet has ${what} that cannot be used: ${JSON.stringify(value)}`,
    {
      hint: "write it anew: iapeer fleet apply",
    },
  );
}

/**
 * iapeer on another host: `$IAPEER_REMOTE_BIN`, else `iapeer`, found on the PATH that sshd gives to a command there.
 *
 * @throws IapeerError `invalid-value`.
 */
export function remoteProgram(env: Env): string {
  const named = env["IAPEER_REMOTE_BIN"];
  if (!named) return "iapeer";
  if (/^(?:~\/|\/)?[A-Za-z0-9_.][A-Za-z0-9_./-]*$/.test(named)) return named;
  throw new IapeerError(
    "invalid-value",
    `IAPEER_REMOTE_BIN is not a program that a shell of another host can be told: ${JSON.stringify(named)}`,
    {
      hint: "a path or a name of letters, digits, dots, dashes and underscores; ~/ stands for the home there",
    },
  );
}
