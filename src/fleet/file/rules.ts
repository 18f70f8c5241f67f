import { anyOf, UNTAMED } from "../../model/characters.ts";
import { CLASSES } from "../../model/agent.ts";
import { findForeignSyntax } from "../../model/path-words.ts";
import { findSshPort, isSocketName } from "../../model/names.ts";
import { AGENT_TEXTS, type TextRule } from "../agent-row.ts";
import type { FleetProblemCode } from "./types.ts";
import { quote } from "./secrets.ts";

/** The only version that this iapeer reads. */
export const FLEET_VERSION = 1;

/** A rule for a value beyond its type, and the words for a value that breaks it. */
export interface Rule<T> {
  readonly code: FleetProblemCode;
  readonly isRight: (value: T) => boolean;
  /** The words behind "KEY: ". */
  readonly say: (value: T) => string;
  readonly hint?: (value: T) => string | undefined;
}

const UNFIT = anyOf([...UNTAMED, "replacement"]);
const LETTERS = "letters, digits, dots, dashes and underscores, no dash first";

function textRule({ isRight, otherwise }: TextRule, code: FleetProblemCode, hint: string): Rule<string> {
  return { code, isRight, say: (text) => `${quote(text)} ${otherwise}`, hint: () => hint };
}

function sshHint(text: string): string {
  const found = findSshPort(text);
  if (found === undefined) return "[user@]host, no dash first, no port, no spaces, nothing that a shell would read";
  const user = found.user === "" ? "" : `, User ${found.user}`;
  return `a port stands in ~/.ssh/config: Host NAME, HostName ${found.host}, Port ${found.port}${user}; then write: ssh: NAME`;
}

const modelHint: Rule<string> = {
  code: "fleet-invalid-value",
  isRight: (text) => text !== "" && text.length <= 200 && !text.startsWith("-") && !UNFIT.test(text),
  say: (text) => (text.length > 200 ? `is ${text.length} characters long` : `${quote(text)} is not a model's name`),
  hint: () => "1 to 200 characters, no control characters, no dash first",
};

const foreignIn = (text: string) => findForeignSyntax(text, ["name"]);

const folder: Rule<string> = {
  code: "fleet-invalid-value",
  isRight: (text) => text !== "" && !UNFIT.test(text) && foreignIn(text) === undefined,
  say: (text) => {
    const found = foreignIn(text);
    return `${quote(text)} is not a folder's path${found === undefined ? "" : `: it has ${found.what}`}`;
  },
  hint: (text) => foreignIn(text)?.hint ?? "UTF-8 text without control characters",
};

const count: Rule<number> = {
  code: "fleet-invalid-value",
  isRight: (number) => Number.isSafeInteger(number) && number >= 0,
  say: (number) => `${number} is not a whole number, 0 or more`,
};

const version: Rule<number> = {
  code: "fleet-version",
  isRight: (number) => number === FLEET_VERSION,
  say: (number) =>
    number > FLEET_VERSION
      ? `${number} is newer than what this iapeer reads, which is ${FLEET_VERSION}`
      : `${number} was never a version of the fleet file`,
  hint: (number) => (number > FLEET_VERSION ? "update iapeer" : `write: version: ${FLEET_VERSION}`),
};

/** The rule of each kind of value. */
export const RULES = {
  name: textRule(
    AGENT_TEXTS.name,
    "fleet-invalid-name",
    "1 to 32 characters: a small letter, then small letters, digits and dashes",
  ),
  class: textRule(
    AGENT_TEXTS.class,
    "fleet-invalid-value",
    `a small letter, then small letters, digits and dashes; one of: ${CLASSES.join(", ")}`,
  ),
  runtime: textRule(
    AGENT_TEXTS.runtime,
    "fleet-invalid-name",
    "1 to 32 characters: a small letter, then small letters and digits",
  ),
  modelHint,
  folder,
  host: textRule(AGENT_TEXTS.host, "fleet-invalid-value", "a name or an address, without a port"),
  ssh: {
    ...textRule(AGENT_TEXTS.ssh, "fleet-invalid-value", ""),
    hint: (text: string) => sshHint(text),
  },
  socket: textRule(AGENT_TEXTS.socket, "fleet-invalid-value", `a name of ${LETTERS}; or an absolute path of these`),
  socketName: textRule(
    { isRight: isSocketName, otherwise: "is not a socket's name" },
    "fleet-invalid-value",
    `at most 64 characters: ${LETTERS}`,
  ),
  connector: textRule(
    { isRight: (text) => text === "tmux", otherwise: "is not a connector" },
    "fleet-invalid-value",
    "the only one is tmux",
  ),
  count,
  version,
} as const;

/** By the very function that a value failed. */
const BY_CHECK: ReadonlyMap<unknown, Rule<never>> = new Map(
  Object.values(RULES).map((rule): [unknown, Rule<never>] => [rule.isRight, rule]),
);

/** The rule that a check belongs to; undefined for a check of another kind. */
export function ruleOf(isRight: unknown): Rule<never> | undefined {
  return BY_CHECK.get(isRight);
}
