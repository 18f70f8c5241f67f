import * as v from "valibot";
import { fieldOf, isObject } from "../../core/text/fields.ts";
import { CLASSES } from "../../model/agent.ts";
import { nearest } from "../../model/names.ts";
import type { AgentRow } from "../agent-row.ts";
import type { Finding, Path } from "./problems.ts";
import { type Rule, ruleOf, RULES, FLEET_VERSION } from "./rules.ts";
import { quote } from "./secrets.ts";

const text = (rule: Rule<string>) => v.pipe(v.string(), v.check(rule.isRight));
const number = (rule: Rule<number>) => v.pipe(v.number(), v.check(rule.isRight));

const NO_LIST = v.custom<never>(() => false);

const agent = v.object({
  name: text(RULES.name),
  class: text(RULES.class),
  runtime: v.optional(text(RULES.runtime)),
  persistent_persona: v.optional(v.boolean()),
  model_hint: v.optional(text(RULES.modelHint)),
  working_directory: v.optional(text(RULES.folder)),
  shared_folder: v.optional(v.boolean()),
  host: v.optional(text(RULES.host)),
  ssh: v.optional(text(RULES.ssh)),
  socket: v.optional(text(RULES.socket)),
} satisfies Readonly<Record<keyof AgentRow, v.GenericSchema>>);

const OBJECTS = {
  tmux: v.object({ socket_name: v.optional(v.union([v.literal(""), text(RULES.socketName)])) }),
  defaults: v.object({
    working_directory: v.optional(text(RULES.folder)),
    shared_folder: v.optional(v.boolean()),
    runtime: v.optional(text(RULES.runtime)),
  }),
  connector: v.object({ kind: text(RULES.connector) }),
  policy: v.object({ orchestrators: v.optional(number(RULES.count)), min_enhancers: v.optional(number(RULES.count)) }),
} as const;

const fleet = v.object({
  version: number(RULES.version),
  tmux: v.nullish(mapping(OBJECTS.tmux)),
  defaults: v.nullish(mapping(OBJECTS.defaults)),
  policy: v.optional(v.lazy((value) => (value === "none" ? v.literal("none") : mapping(OBJECTS.policy)))),
  // A key with nothing below it says that something went wrong, and not that there are no agents: a prune would remove all of them.
  agents: v.array(mapping(agent)),
  connector: v.nullish(mapping(OBJECTS.connector)),
});

/** To valibot a list is an object too. */
function mapping<S extends v.GenericSchema>(schema: S): v.LazySchema<S> {
  return v.lazy((value) => (Array.isArray(value) ? (NO_LIST as unknown as S) : schema));
}

/** A fleet file's values, where every one is right. */
export type FleetValues = v.InferOutput<typeof fleet>;

/** The values if all are right, and what is wrong with each that is not; unknown keys too. */
export function checkShape(value: unknown): { readonly file?: FleetValues; readonly findings: readonly Finding[] } {
  const parsed = v.safeParse(mapping(fleet), value);
  const unknown = findUnknownKeys(value);
  if (parsed.success) return { file: parsed.output, findings: unknown };
  return { findings: [...parsed.issues.map(toFinding), ...unknown] };
}

function toFinding(issue: v.BaseIssue<unknown>): Finding {
  // A socket's name is empty or a name: what is said of the name is what helps.
  const deepest = issue.issues?.findLast(({ kind: kindOfIssue }) => kindOfIssue === "validation") ?? issue;
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  const key = String(path.at(-1) ?? "the fleet file");
  const broken = ruleOf((deepest as { requirement?: unknown }).requirement);
  if (broken !== undefined) {
    const input = deepest.input as never;
    return { code: broken.code, message: `${key}: ${broken.say(input)}`, path, hint: broken.hint?.(input) };
  }
  if (issue.input === undefined)
    return { code: "fleet-missing-key", message: `${quote(key)} is missing`, path, hint: MISSING_HINTS[key] };
  const expected = expectationOf(issue, path);
  const message = `${typeof path.at(-1) === "number" ? "an agent" : key}: expected ${expected}, found ${describe(issue.input)}`;
  return { code: "fleet-wrong-type", message, path, hint: typeHint(expected, issue.input, key) };
}

const MISSING_HINTS: Readonly<Record<string, string>> = {
  version: `write: version: ${FLEET_VERSION}`,
  agents: "write: agents: []",
  class: `one of: ${CLASSES.join(", ")}`,
  kind: "write: kind: tmux",
};

function expectationOf(issue: v.BaseIssue<unknown>, path: Path): string {
  if (path.length === 1 && path[0] === "policy") return "none, or a mapping with orchestrators and min_enhancers";
  const { expected, type } = issue;
  if (expected?.includes("Array")) return "a list";
  if (type === "custom" || expected?.includes("Object")) return "a mapping";
  if (expected === "number") return "a whole number";
  return expected === "boolean" ? "true or false" : "a text";
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return value === "" ? "an empty text" : `the text ${quote(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  return typeof value === "boolean" ? String(value) : "a mapping";
}

function typeHint(expected: string, value: unknown, key: string): string | undefined {
  if (key === "agents" && value === null)
    return "write the agents below it, indented with spaces; or for a fleet without any: agents: []";
  if (expected === "a text" && (typeof value === "number" || typeof value === "boolean")) return "put it in quotes";
  if (expected === "true or false" && typeof value === "string") return "write true or false, without quotes";
  if (expected === "a whole number" && typeof value === "string" && /^[0-9]+$/.test(value)) return "write it without quotes";
  return undefined;
}

function findUnknownKeys(value: unknown): Finding[] {
  const agents = fieldOf(value, "agents");
  return [
    ...unknownIn(value, Object.keys(fleet.entries), []),
    ...Object.entries(OBJECTS).flatMap(([key, { entries }]) => unknownIn(fieldOf(value, key), Object.keys(entries), [key])),
    ...(Array.isArray(agents)
      ? agents.flatMap((one: unknown, index) => unknownIn(one, Object.keys(agent.entries), ["agents", index]))
      : []),
  ];
}

/** Keys of other tools, by the key that says the same here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  cwd: "working_directory",
  dir: "working_directory",
  folder: "working_directory",
  path: "working_directory",
  workdir: "working_directory",
  workingdir: "working_directory",
  model: "model_hint",
  persistent: "persistent_persona",
  autostart: "persistent_persona",
  role: "class",
  type: "class",
  id: "name",
  personality: "name",
  peers: "agents",
  members: "agents",
};

/** Keys of other tools for what a fleet file says elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  transport: "an agent of another host has host and ssh, and sessions are kept by connector: { kind: tmux }",
  holder_session: "every agent has a session of its own name; one tmux server for all is tmux: { socket_name: NAME }",
};

/** `workingDirectory` and `working-directory` as this file would have them. */
function toSnakeCase(key: string): string {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

function hintFor(key: string, known: readonly string[]): string {
  const snake = toSnakeCase(key);
  const elsewhere = Object.hasOwn(ELSEWHERE, snake) ? ELSEWHERE[snake] : undefined;
  if (elsewhere !== undefined) return elsewhere;
  const meant = Object.hasOwn(SYNONYMS, snake) ? SYNONYMS[snake]! : snake;
  const near = known.includes(meant) ? meant : nearest(key, known);
  return near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
}

function unknownIn(value: unknown, known: readonly string[], above: Path): Finding[] {
  if (!isObject(value)) return [];
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  return unknown.map((key) => {
    const hint = hintFor(key, known);
    return {
      code: "fleet-unknown-key",
      message: `${quote(key)} is not a key that is read here`,
      path: [...above, key],
      at: "key",
      hint,
    };
  });
}
