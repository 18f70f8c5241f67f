import { isAbsolute } from "node:path";
import * as v from "valibot";
import { defaultIntelligence, type Intelligence, isPersonality, isRuntime, parseIntelligence } from "../core/names.ts";

/** The only version this iapeer reads and writes. */
export const REGISTRY_VERSION = 2;

/** A text with a rule of its own. One step a value, since a registry has tens of thousands of them. */
function text(isRight: (text: string) => boolean, message: string) {
  return v.custom<string>((value) => typeof value === "string" && isRight(value), message);
}

const runtimeName = text(isRuntime, "is not a runtime's name");
const absolutePath = text((path) => isAbsolute(path) && !path.includes("\0"), "is not an absolute path");
const intelligenceWord = text((word) => parseIntelligence(word) !== undefined, "is not artificial, natural or absent");
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What a row and a peer's own card have in common. Every field may be missing in files that others wrote. */
const cardFields = {
  personality: text(isPersonality, "is not a peer's name"),
  default_runtime: v.optional(runtimeName),
  /** The older name of default_runtime. */
  runtime: v.optional(runtimeName),
  last_active_runtime: v.optional(runtimeName),
  runtimes: v.optional(v.array(runtimeName)),
  description: v.optional(v.string()),
  intelligence: v.optional(intelligenceWord),
};

/** A row of the registry as it stands on disk; what iapeer does not know stays in it. */
const rowSchema = v.looseObject({
  ...cardFields,
  cwd: absolutePath,
  /** Since when the peer is being removed. */
  removing: v.optional(v.string()),
});

/** `<peer folder>/.iapeer/peer-profile.json`. */
const cardSchema = v.looseObject({
  ...cardFields,
  /** The card of a peer that was removed stays in its folder and says so. */
  removed: v.optional(v.string()),
});

const registrySchema = v.looseObject({
  version: v.optional(count, REGISTRY_VERSION),
  revision: v.optional(count, 0),
  peers: v.array(rowSchema),
});

export type Row = v.InferOutput<typeof rowSchema>;
export type Card = v.InferOutput<typeof cardSchema>;
export type Registry = v.InferOutput<typeof registrySchema>;

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

/** What a file is not, in words with the place; or the value. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** A parsed registry file. Rows are kept as they are; two rows of one personality are refused. */
export function checkRegistry(json: unknown): Checked<Registry> {
  const result = v.safeParse(registrySchema, json, { abortEarly: true });
  if (!result.success) return { ok: false, why: describeIssue(result.issues[0]) };
  // The file's own objects are kept: valibot's copies lose fields that are called "constructor" or "prototype".
  const value: Registry = { version: REGISTRY_VERSION, revision: 0, ...(json as Partial<Registry>), peers: (json as Registry).peers };
  if (value.version !== REGISTRY_VERSION) return { ok: false, why: `has version ${value.version}; this iapeer knows version ${REGISTRY_VERSION}` };
  const twice = firstTwice(value.peers.map(({ personality }) => personality));
  return twice === undefined ? { ok: true, value } : { ok: false, why: `has two rows for ${twice}` };
}

/** A parsed peer-profile.json. */
export function checkCard(json: unknown): Checked<Card> {
  const result = v.safeParse(cardSchema, json, { abortEarly: true });
  return result.success ? { ok: true, value: json as Card } : { ok: false, why: describeIssue(result.issues[0]) };
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const place = v.getDotPath(issue);
  return `${place === null ? "the file" : place}: ${issue.message}`;
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
