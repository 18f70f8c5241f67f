import { isAbsolute } from "node:path";
import { type Checked, type FieldRule, TEXT, whyNotFields } from "../core/text/fields.ts";
import { defaultIntelligence, type Intelligence, isPersonality, isRuntime, parseIntelligence } from "../model/names.ts";

/** The only version this iapeer reads and writes. */
export const REGISTRY_VERSION = 2;

/** What a row and a peer's own card have in common. Every field but the name may be missing in files that others wrote. */
interface CardFields {
  personality: string;
  default_runtime?: string;
  /** The older name of default_runtime. */
  runtime?: string;
  last_active_runtime?: string;
  runtimes?: string[];
  description?: string;
  /** The word as it stands on disk, which may be a legacy one. */
  intelligence?: string;
  /** What iapeer does not know stays as it is. */
  [unknown: string]: unknown;
}

/** A row of the registry as it stands on disk. */
export interface Row extends CardFields {
  cwd: string;
  /** Since when the peer is being removed. */
  removing?: string;
}

/** `<peer folder>/.iapeer/peer-profile.json`. */
export interface Card extends CardFields {
  /** The card of a peer that was removed stays in its folder and says so. */
  removed?: string;
}

export interface Registry {
  version: number;
  revision: number;
  peers: Row[];
  [unknown: string]: unknown;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const COUNT: FieldRule = { isRight: isCount, otherwise: "is not a whole number" };
const RUNTIME: FieldRule = { isRight: (value) => isText(value) && isRuntime(value), otherwise: "is not a runtime's name" };

/** Tables and no schema library: a registry is read at every start, and may have ten thousand rows. */
const CARD_RULES: Readonly<Record<string, FieldRule>> = {
  personality: { isRequired: true, isRight: (value) => isText(value) && isPersonality(value), otherwise: "is not a peer's name" },
  default_runtime: RUNTIME,
  runtime: RUNTIME,
  last_active_runtime: RUNTIME,
  runtimes: {
    isRight: (value) => Array.isArray(value) && value.every(RUNTIME.isRight),
    otherwise: "is not a list of runtimes' names",
  },
  description: TEXT,
  intelligence: {
    isRight: (value) => isText(value) && parseIntelligence(value) !== undefined,
    otherwise: "is not artificial, natural or absent",
  },
  removed: TEXT,
};

const ROW_RULES: Readonly<Record<string, FieldRule>> = {
  ...CARD_RULES,
  cwd: {
    isRequired: true,
    isRight: (value) => isText(value) && isAbsolute(value) && !value.includes("\0"),
    otherwise: "is not an absolute path",
  },
  removing: TEXT,
};

const REGISTRY_RULES: Readonly<Record<string, FieldRule>> = {
  version: COUNT,
  revision: COUNT,
  peers: { isRequired: true, isRight: Array.isArray, otherwise: "is not a list" },
};

/** A peer as the rest of iapeer sees it, with every default filled in. */
export interface Peer {
  readonly personality: string;
  readonly defaultRuntime: string;
  readonly lastActiveRuntime?: string;
  readonly runtimes: readonly string[];
  readonly description: string;
  readonly intelligence: Intelligence;
  /** Its folder; one personality, one folder. */
  readonly cwd: string;
  readonly isBeingRemoved: boolean;
}

/** A parsed registry file. Rows are kept as they are; two rows of one personality are refused. */
export function checkRegistry(json: unknown): Checked<Registry> {
  const why = whyNotFields(json, REGISTRY_RULES) ?? whyNotRows((json as Registry).peers);
  if (why !== undefined) return { ok: false, why };
  const value: Registry = { version: REGISTRY_VERSION, revision: 0, ...(json as Partial<Registry> & Pick<Registry, "peers">) };
  if (value.version !== REGISTRY_VERSION)
    return { ok: false, why: `has version ${value.version}; this iapeer knows version ${REGISTRY_VERSION}` };
  const twice = firstTwice(value.peers.map(({ personality }) => personality));
  return twice === undefined ? { ok: true, value } : { ok: false, why: `has two rows for ${twice}` };
}

function whyNotRows(rows: readonly unknown[]): string | undefined {
  for (const [index, row] of rows.entries()) {
    const why = whyNotFields(row, ROW_RULES);
    if (why !== undefined) return `peers.${index}.${why}`;
  }
  return undefined;
}

/** A parsed peer-profile.json. */
export function checkCard(json: unknown): Checked<Card> {
  const why = whyNotFields(json, CARD_RULES);
  return why === undefined ? { ok: true, value: json as Card } : { ok: false, why };
}

function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** The peer that a row describes. */
export function toPeer(row: Row): Peer {
  const defaultRuntime = row.default_runtime ?? row.runtime ?? row.runtimes?.[0] ?? "claude";
  const runtimes = row.runtimes ?? [];
  return {
    personality: row.personality,
    defaultRuntime,
    ...(row.last_active_runtime !== undefined && { lastActiveRuntime: row.last_active_runtime }),
    runtimes: runtimes.includes(defaultRuntime) ? runtimes : [defaultRuntime, ...runtimes],
    description: row.description ?? "",
    intelligence: parseIntelligence(row.intelligence ?? "") ?? defaultIntelligence(defaultRuntime),
    cwd: row.cwd,
    isBeingRemoved: row.removing !== undefined,
  };
}

/** Every peer of a registry, in its order. */
export function peersOf(registry: Registry): Peer[] {
  return registry.peers.map(toPeer);
}
