import { anyOf, UNTAMED } from "../../model/characters.ts";
import * as v from "valibot";
import {
  isHostName,
  isPersonality,
  isRuntime,
  isSocketName,
  isSocketPlace,
  isSshDestination,
  nearest,
} from "../../model/names.ts";
import { CLASSES, isClass } from "../../model/agent.ts";
import type { Finding, FleetProblemCode, Path } from "./problems.ts";
import { quote } from "./secrets.ts";

/** The only version that this iapeer reads. */
export const FLEET_VERSION = 1;

/** What a value must be beyond its type, and what is said where it is not. */
interface Rule<T> {
  readonly code: FleetProblemCode;
  readonly isRight: (value: T) => boolean;
  /** What follows "KEY: ". */
  readonly say: (value: T) => string;
  readonly hint?: (value: T) => string | undefined;
}

/** valibot hands back the very function that failed; this is the rest of its rule. */
const RULES = new Map<unknown, Rule<never>>();

function rule<T>(one: Rule<T>): v.CheckAction<T, undefined> {
  RULES.set(one.isRight, one);
  return v.check(one.isRight);
}

const UNFIT = anyOf([...UNTAMED, "replacement"]);

const name = v.pipe(
  v.string(),
  rule<string>({
    code: "fleet-invalid-name",
    isRight: isPersonality,
    say: (text) => `${quote(text)} is not a peer's name`,
    hint: () => "1 to 32 characters: a small letter, then small letters, digits and dashes",
  }),
);

const runtime = v.pipe(
  v.string(),
  rule<string>({
    code: "fleet-invalid-name",
    isRight: isRuntime,
    say: (text) => `${quote(text)} is not a runtime's name`,
    hint: () => "1 to 32 characters: a small letter, then small letters and digits",
  }),
);

const agentClass = v.pipe(
  v.string(),
  rule<string>({
    code: "fleet-invalid-value",
    isRight: isClass,
    say: (text) => `${quote(text)} is not a class`,
    hint: () => `a small letter, then small letters, digits and dashes; one of: ${CLASSES.join(", ")}`,
  }),
);

const modelHint = v.pipe(
  v.string(),
  rule<string>({
    code: "fleet-invalid-value",
    isRight: (text) => text !== "" && text.length <= 200 && !text.startsWith("-") && !UNFIT.test(text),
    say: (text) => (text.length > 200 ? `is ${text.length} characters long` : `${quote(text)} is not a model's name`),
    hint: () => "1 to 200 characters, no control characters, no dash first",
  }),
);

const folder = v.pipe(
  v.string(),
  rule<string>({
    code: "fleet-invalid-value",
    isRight: (text) => text !== "" && !UNFIT.test(text) && (!text.startsWith("~") || text === "~" || text.startsWith("~/")),
    say: (text) => `${quote(text)} is not a folder's path`,
    hint: (text) =>
      text.startsWith("~")
        ? "only ~ and ~/… stand for a home, and for yours; write out any other"
        : "UTF-8 text without control characters",
  }),
);

const plainWord = (what: string, isRight: (text: string) => boolean, hint: string) =>
  v.pipe(
    v.string(),
    rule<string>({
      code: "fleet-invalid-value",
      isRight: (text) => isRight(text),
      say: (text) => `${quote(text)} is not ${what}`,
      hint: () => hint,
    }),
  );

const LETTERS = "letters, digits, dots, dashes and underscores, no dash first";

const count = v.pipe(
  v.number(),
  rule<number>({
    code: "fleet-invalid-value",
    isRight: (number) => Number.isSafeInteger(number) && number >= 0,
    say: (number) => `${number} is not a whole number, 0 or more`,
  }),
);

const version = v.pipe(
  v.number(),
  rule<number>({
    code: "fleet-version",
    isRight: (number) => number === FLEET_VERSION,
    say: (number) =>
      number > FLEET_VERSION
        ? `${number} is newer than what this iapeer reads, which is ${FLEET_VERSION}`
        : `${number} was never a version of the fleet file`,
    hint: (number) => (number > FLEET_VERSION ? "update iapeer" : `write: version: ${FLEET_VERSION}`),
  }),
);

const kind = v.pipe(
  v.string(),
  rule<string>({
    code: "fleet-invalid-value",
    isRight: (text) => text === "tmux",
    say: (text) => `${quote(text)} is not a connector`,
    hint: () => "the only one is tmux",
  }),
);

const NO_LIST = v.custom<never>(() => false);

const agent = v.object({
  name,
  class: agentClass,
  runtime: v.optional(runtime),
  persistent_persona: v.optional(v.boolean()),
  model_hint: v.optional(modelHint),
  working_directory: v.optional(folder),
  host: v.optional(plainWord("a host", isHostName, "a name or an address")),
  ssh: v.optional(
    plainWord("what ssh connects to", isSshDestination, "[user@]host, no dash first, no spaces, nothing that a shell would read"),
  ),
  socket: v.optional(plainWord("a socket", isSocketPlace, `a name of ${LETTERS}; or an absolute path of these`)),
});

const OBJECTS = {
  tmux: v.object({
    socket_name: v.optional(
      v.union([v.literal(""), plainWord("a socket's name", isSocketName, `at most 64 characters: ${LETTERS}`)]),
    ),
  }),
  defaults: v.object({ working_directory: v.optional(folder), runtime: v.optional(runtime) }),
  connector: v.object({ kind }),
  policy: v.object({ orchestrators: v.optional(count), min_enhancers: v.optional(count) }),
} as const;

const fleet = v.object({
  version,
  tmux: v.nullish(mapping(OBJECTS.tmux)),
  defaults: v.nullish(mapping(OBJECTS.defaults)),
  policy: v.optional(v.lazy((value) => (value === "none" ? v.literal("none") : mapping(OBJECTS.policy)))),
  // A key that is there with nothing below it: every agent is commented out, or was removed.
  agents: v.nullable(v.array(mapping(agent))),
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
  const broken = RULES.get((deepest as { requirement?: unknown }).requirement);
  if (broken !== undefined) {
    const input = deepest.input as never;
    return { code: broken.code, message: `${key}: ${broken.say(input)}`, path, hint: broken.hint?.(input) };
  }
  if (issue.input === undefined)
    return { code: "fleet-missing-key", message: `${quote(key)} is missing`, path, hint: MISSING_HINTS[key] };
  const expected = expectationOf(issue, path);
  const message = `${typeof path.at(-1) === "number" ? "an agent" : key}: expected ${expected}, found ${describe(issue.input)}`;
  return { code: "fleet-wrong-type", message, path, hint: typeHint(expected, issue.input) };
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

function typeHint(expected: string, value: unknown): string | undefined {
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

function unknownIn(value: unknown, known: readonly string[], above: Path): Finding[] {
  if (!isMapping(value)) return [];
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  return unknown.map((key) => {
    const near = nearest(key, known);
    const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
    return {
      code: "fleet-unknown-key",
      message: `${quote(key)} is not a key that is read here`,
      path: [...above, key],
      at: "key",
      hint,
    };
  });
}

/** A field of what may be no mapping. */
export function fieldOf(value: unknown, key: string): unknown {
  return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
