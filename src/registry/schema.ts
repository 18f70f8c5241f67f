import { isAbsolute } from "node:path";
import { type Checked, type FieldRule, TEXT, whyNotFields } from "../core/text/fields.ts";
import { defaultIntelligence, isPersonality, isRuntime, parseIntelligence } from "../model/names.ts";
import type { Peer } from "./types.ts";

/** The only version of the registry file that iapeer reads and writes. */
export const REGISTRY_VERSION = 2;

/** The fields that a row and a card share. Other programs write these files too: only the name is sure to be there. */
interface CardFields {
  personality: string;
  default_runtime?: string;
  /** The older name of default_runtime. */
  runtime?: string;
  last_active_runtime?: string;
  runtimes?: string[];
  description?: string;
  /** The word as it stands on disk; it may be a legacy one. */
  intelligence?: string;
  /** Fields that iapeer does not know survive every rewrite. */
  [unknown: string]: unknown;
}

/** One peer in the registry file. */
export interface RegistryRow extends CardFields {
  cwd: string;
  /** True: a person made it a manager. A card does not say so: agents write their cards themselves, and folders are copied. */
  manager?: boolean;
  /** The time when its removal began. */
  removing?: string;
}

/** A peer's own card: `<peer folder>/.iapeer/peer-profile.json`. */
export interface Card extends CardFields {
  /** The time when its peer was removed. The card of a removed peer stays in the folder. */
  removed?: string;
}

/** `<root>/peers-profiles.json` as it stands on disk. */
export interface RegistryFile {
  version: number;
  revision: number;
  peers: RegistryRow[];
  [unknown: string]: unknown;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const COUNT: FieldRule = { isRight: isCount, otherwise: "is not a whole number" };
const RUNTIME: FieldRule = { isRight: (value) => isText(value) && isRuntime(value), otherwise: "is not a runtime's name" };

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
  manager: { isRight: (value) => typeof value === "boolean", otherwise: "is not true or false" },
  removing: TEXT,
};

const REGISTRY_RULES: Readonly<Record<string, FieldRule>> = {
  version: COUNT,
  revision: COUNT,
  peers: { isRequired: true, isRight: Array.isArray, otherwise: "is not a list" },
};

/** Checks a parsed registry file. Rows stay as they are; two rows of one personality are refused. */
export function checkRegistry(json: unknown): Checked<RegistryFile> {
  const why = whyNotFields(json, REGISTRY_RULES) ?? whyNotRows((json as RegistryFile).peers);
  if (why !== undefined) return { ok: false, why };
  const value: RegistryFile = {
    version: REGISTRY_VERSION,
    revision: 0,
    ...(json as Partial<RegistryFile> & Pick<RegistryFile, "peers">),
  };
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

/** Checks a parsed card. */
export function checkCard(json: unknown): Checked<Card> {
  const why = whyNotFields(json, CARD_RULES);
  return why === undefined ? { ok: true, value: json as Card } : { ok: false, why };
}

function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** The peer of a row, with every default filled in. */
export function toPeer(row: RegistryRow): Peer {
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
    isManager: row.manager === true,
    isBeingRemoved: row.removing !== undefined,
    ...(row.removing !== undefined && { removing: row.removing }),
  };
}

/** The order of the registry. */
export function byPersonality(a: { readonly personality: string }, b: { readonly personality: string }): number {
  return a.personality < b.personality ? -1 : 1;
}
