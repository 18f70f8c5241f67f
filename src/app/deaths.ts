import { isDrawn, LAUNCH_SIZE, renderDrawn } from "../core/text/drawn-text.ts";
import { readableLines } from "../core/text/terminal-text.ts";
import { findUnrecorded } from "../launch/unwitnessed.ts";
import { IapeerError } from "../model/errors.ts";
import { parseIdentity } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Death } from "../status/deaths/types.ts";
import { findDeath, readDeaths } from "../status/deaths/deaths.ts";
import type { Forensics } from "../status/deaths/types.ts";
import { readForensics } from "../status/deaths/deaths.ts";
import type { App } from "./types.ts";

export interface DeathsRequest {
  /** Only those of this peer, which may have been removed since. */
  readonly personality?: string | undefined;
  /** Only those since then, in milliseconds of the epoch. */
  readonly sinceMs?: number | undefined;
}

export interface DeathList {
  /** Those that were asked for, the newest first; `deaths --json` is these. */
  readonly wanted: readonly Death[];
  /** Every death that is known: those that died together may be of several peers. */
  readonly all: readonly Death[];
}

/**
 * The ends that nobody claimed.
 *
 * @throws IapeerError `peer-not-found`: neither the deaths nor the registry know the peer; `read-failed`.
 */
export async function listDeaths({ layout }: App, { personality, sinceMs = -Infinity }: DeathsRequest): Promise<DeathList> {
  const all = readDeaths(layout);
  const own =
    personality === undefined ? all : all.filter(({ identity }) => parseIdentity(identity)?.personality === personality);
  if (personality !== undefined && own.length === 0) readRegistry(layout).require(personality);
  return { wanted: own.filter(({ ts }) => Date.parse(ts) >= sinceMs), all };
}

/** The identities of which a session ended that has no record yet: the next look of supervise makes it. */
export async function listUnrecorded({ layout }: App): Promise<readonly string[]> {
  return findUnrecorded(layout);
}

/** The forensics of a death, or why there are none. */
export type FoundForensics =
  | { readonly kind: "found"; readonly forensics: Forensics }
  | { readonly kind: "missing"; readonly why: string };

export interface DeathDetails {
  readonly death: Death;
  readonly found: FoundForensics;
  /** The last lines that the session printed. */
  readonly lastLines: readonly string[];
  /** Every death of its incident, itself too; empty when it died alone. */
  readonly together: readonly Death[];
}

/** As `deaths show --json` prints it. */
export interface DeathDetailsJson extends Omit<Death, "lived_secs"> {
  readonly lived_secs: number | null;
  readonly reasons: readonly string[];
  readonly last_lines: readonly string[];
  readonly forensics_text: string | null;
}

export function toDeathDetailsJson({ death, found, lastLines }: DeathDetails): DeathDetailsJson {
  const forensics = found.kind === "found" ? found.forensics : undefined;
  return {
    ...death,
    lived_secs: death.lived_secs ?? null,
    reasons: forensics?.reasons ?? [],
    last_lines: lastLines,
    forensics_text: forensics?.text ?? null,
  };
}

/** The section of the forensics with the last lines that the session printed. */
export const LAST_LINES = "last lines";

/**
 * Everything that is known of one death.
 *
 * @param request.id its id, or the beginning of it
 * @throws IapeerError `death-not-found`, `death-ambiguous`, `invalid-value`, `read-failed`.
 */
export async function showDeath({ layout }: App, { id }: { readonly id: string }): Promise<DeathDetails> {
  const all = readDeaths(layout);
  const death = findDeath(all, id);
  const found = findForensics(death);
  return {
    death,
    found,
    lastLines: found.kind === "found" ? await lastLinesOf(found.forensics) : [],
    together: death.incident === undefined ? [] : all.filter(({ incident }) => incident === death.incident),
  };
}

function findForensics({ forensics: path }: Death): FoundForensics {
  if (path === undefined) return { kind: "missing", why: "none were kept" };
  try {
    const forensics = readForensics(path);
    return forensics === undefined ? { kind: "missing", why: `${path} is gone` } : { kind: "found", forensics };
  } catch (error) {
    if (error instanceof IapeerError) return { kind: "missing", why: error.message };
    throw error;
  }
}

async function lastLinesOf({ sections }: Forensics): Promise<string[]> {
  const text = sections.find(({ name }) => name === LAST_LINES)?.text ?? "";
  if (text === "") return [];
  return isDrawn(text) ? await renderDrawn(text, LAUNCH_SIZE) : readableLines(text);
}
