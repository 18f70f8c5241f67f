import { hostname, networkInterfaces } from "node:os";
import { tameName } from "../model/party.ts";
import { appendEvent, type LogTarget } from "./disk/event-log.ts";
import type { Env, Layout } from "./layout.ts";
import type { LogFields } from "./text/logfmt.ts";
import type { Tmux } from "./tmux.ts";

/** A piece of work of several steps, as a caller watches it. */
export interface Progress {
  /** One more step is over. */
  step(hasFailed: boolean): void;
  /** The work is over, or was interrupted. */
  close(): void;
}

/** How work speaks to its caller while it runs. The face fills it; results are return values and errors. */
export interface Tell {
  /** Something went wrong, and the work goes on. One line. */
  readonly warn: (line: string) => void;
  /** Something that a person may want to know beside the result. One line. */
  readonly note: (line: string) => void;
  /** Announces work of this many steps. */
  readonly progress: (total: number) => Progress;
}

/** The host as work may use it: made once a call and handed down, with nothing global in it. */
export interface Host {
  readonly layout: Layout;
  readonly env: Env;
  readonly now: () => Date;
  /** The tmux on the PATH of `env`. */
  readonly tmux: Tmux;
  /** How long a lock is waited for. */
  readonly lockTimeoutMs: number;
  /** lifecycle.log */
  readonly log: LogTarget;
  readonly tell: Tell;
  /** The caller, for the logs: `person:NAME`, or the identity of an agent. */
  readonly by: () => string;
}

/**
 * Writes a decision into lifecycle.log, with its caller in `by`. A log that cannot be written is a warning: the decision is carried out all
 * the same.
 */
export function logDecision({ log, now, tell, by }: Pick<Host, "log" | "now" | "tell" | "by">, fields: LogFields): void {
  try {
    appendEvent(log, { ...fields, by: by() }, now());
  } catch (error) {
    tell.warn((error as Error).message);
  }
}

/** The name of this host up to its first dot, without the characters that could end a message's head. */
export function readHostName(): string {
  return tameName(hostname().split(".")[0]!) || "localhost";
}

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * True for a name or an address of this very host. A short name is this host's where its own name begins with it. A longer name than the
 * host's own is not: it may be that of another domain.
 */
export function isThisHost(host: string): boolean {
  const asked = host.toLowerCase().replace(/\.$/, "");
  const own = hostname().toLowerCase();
  if (asked === own || asked === own.split(".")[0] || LOOPBACK.has(asked)) return true;
  if (!/^[0-9a-f:.]+(?:%.*)?$/.test(asked)) return false;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.some(({ address }) => address.toLowerCase().split("%")[0] === asked.split("%")[0]);
}
