import { isIPv4, isIPv6 } from "node:net";
import { anyOf, escapeAsUnicode, RAW_IN_JSON } from "./characters.ts";
import { distance } from "fastest-levenshtein";
import { IapeerError } from "./errors.ts";

/** The intelligence behind a peer (contract 1). */
export type Intelligence = "artificial" | "natural" | "absent";

const PERSONALITY = /^[a-z][a-z0-9-]{0,31}$/;
const RUNTIME = /^[a-z][a-z0-9]{0,31}$/;

/** The most characters of a description. A longer one is cut, with a warning (contract 3). */
export const DESCRIPTION_LIMIT = 450;

const INTELLIGENCE_BY_RUNTIME: Readonly<Record<string, Intelligence>> = {
  telegram: "natural",
  discord: "natural",
  matrix: "natural",
  email: "natural",
  web: "natural",
  notifier: "absent",
  webhook: "absent",
  api: "absent",
  cron: "absent",
};

/** The words for an intelligence. The last two are legacy words, which stay on disk as they are. */
const INTELLIGENCE_WORDS: Readonly<Record<string, Intelligence>> = {
  artificial: "artificial",
  natural: "natural",
  absent: "absent",
  human: "natural",
  scripted: "absent",
};

/** True for the name of a peer (contract 1). */
export function isPersonality(text: string): boolean {
  return PERSONALITY.test(text);
}

/** True for the name of a runtime (contract 1). */
export function isRuntime(text: string): boolean {
  return RUNTIME.test(text);
}

/**
 * Checks a peer's name.
 *
 * @throws IapeerError `invalid-name`, with the allowed names in its hint.
 */
export function parsePersonality(text: string): string {
  if (isPersonality(text)) return text;
  throw new IapeerError("invalid-name", `not a peer's name: ${quoteForMessage(text)}`, {
    hint: "a name is 1 to 32 characters: a small letter, then small letters, digits and dashes (^[a-z][a-z0-9-]{0,31}$)",
  });
}

/**
 * Checks a runtime's name.
 *
 * @throws IapeerError `invalid-name`, with the allowed names in its hint.
 */
export function parseRuntime(text: string): string {
  if (isRuntime(text)) return text;
  throw new IapeerError("invalid-name", `not a runtime's name: ${quoteForMessage(text)}`, {
    hint: "a runtime is 1 to 32 characters: a small letter, then small letters and digits (^[a-z][a-z0-9]{0,31}$)",
  });
}

const SOCKET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** True for the name of a tmux server, as `tmux -L` takes it. No shell, ssh or tmux reads more than letters in it. */
export function isSocketName(text: string): boolean {
  return SOCKET_NAME.test(text);
}

const PLAIN_PATH = /^\/[A-Za-z0-9_./-]{1,106}$/;

/** True for the name of a tmux server, or for its absolute path as `tmux -S` takes it. */
export function isSocketPlace(text: string): boolean {
  return isSocketName(text) || PLAIN_PATH.test(text);
}

const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.?)$/;
const FOUR_NUMBERS = /^(?:[0-9]+\.){3}[0-9]+\.?$/;
const WITH_ZONE = /^(?<address>[0-9A-Fa-f:.]+)(?:%[A-Za-z0-9_.-]+)?$/;

/** True for the name or the address of a host. No shell and no ssh reads anything else in it: no port, and no half of an address. */
export function isHostName(text: string): boolean {
  if (text.length > 253) return false;
  if (text.includes(":")) return isIPv6(WITH_ZONE.exec(text)?.groups?.["address"] ?? "");
  return HOST_NAME.test(text) && (!FOUR_NUMBERS.test(text) || isIPv4(text));
}

const SSH_DESTINATION = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?(?<host>[^@]+)$/;

/** True for `[user@]host`, as ssh takes it. It begins with no dash, and no shell reads more than letters in it. */
export function isSshDestination(text: string): boolean {
  return isHostName(SSH_DESTINATION.exec(text)?.groups?.["host"] ?? "");
}

const WITH_PORT =
  /^(?:ssh:\/\/)?(?<user>[A-Za-z0-9_][A-Za-z0-9_.-]*@)?\[?(?<host>[A-Za-z0-9_][A-Za-z0-9_.:-]*?)\]?:(?<port>[0-9]{1,5})\/?$/;

/** The parts of an ssh destination that names a port, which ssh takes only from its configuration; undefined for any other text. */
export function findSshPort(text: string): { readonly user: string; readonly host: string; readonly port: string } | undefined {
  const { user = "", host, port } = WITH_PORT.exec(text)?.groups ?? {};
  return host === undefined || port === undefined ? undefined : { user: user.slice(0, -1), host, port };
}

/**
 * Checks the name of a tmux socket.
 *
 * @throws IapeerError `invalid-name`, with the allowed names in its hint.
 */
export function parseSocketName(text: string): string {
  if (isSocketName(text)) return text;
  throw new IapeerError("invalid-name", `not a socket's name: ${quoteForMessage(text)}`, {
    hint: "a socket's name is 1 to 64 letters, digits, dots, dashes and underscores, no dot or dash first; no path",
  });
}

/** `<runtime>-<personality>`. It is unambiguous, since a runtime holds no dash. */
export function identityOf(runtime: string, personality: string): string {
  return `${runtime}-${personality}`;
}

/** Splits an identity at its first dash; undefined for any other text. */
export function parseIdentity(text: string): { runtime: string; personality: string } | undefined {
  const dash = text.indexOf("-");
  const runtime = text.slice(0, Math.max(dash, 0));
  const personality = text.slice(dash + 1);
  return isRuntime(runtime) && isPersonality(personality) ? { runtime, personality } : undefined;
}

/** An identity as the arguments of a command: "alice --runtime claude". */
export function callOf(identity: string): string {
  const { runtime, personality } = parseIdentity(identity)!;
  return `${personality} --runtime ${runtime}`;
}

const INCARNATION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Tells whether a text may name an incarnation: a UUID in small letters. */
export function isIncarnation(text: string): boolean {
  return INCARNATION.test(text);
}

/** The meaning of a word on disk or on the command line; undefined for an unknown word. */
export function parseIntelligence(word: string): Intelligence | undefined {
  return Object.hasOwn(INTELLIGENCE_WORDS, word) ? INTELLIGENCE_WORDS[word] : undefined;
}

/** The intelligence of a peer that declares none, by its runtime (contract 1). */
export function defaultIntelligence(runtime: string): Intelligence {
  return Object.hasOwn(INTELLIGENCE_BY_RUNTIME, runtime) ? INTELLIGENCE_BY_RUNTIME[runtime]! : "artificial";
}

/** The nearest of some words, for "did you mean"; undefined when no word is near enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; steps: number } | undefined;
  for (const candidate of candidates) {
    const steps = isScrambled(word, candidate) ? 1 : distance(word, candidate);
    if (best === undefined || steps < best.steps) best = { candidate, steps };
  }
  const allowed = word.length < 5 ? Math.min(1, word.length - 1) : Math.max(2, Math.floor(word.length / 3));
  return best !== undefined && best.steps <= allowed ? best.candidate : undefined;
}

/** True for the same letters in another order. That is the commonest slip, and Levenshtein counts it as two steps. */
function isScrambled(word: string, candidate: string): boolean {
  return word.length === candidate.length && Array.from(word).toSorted().join("") === Array.from(candidate).toSorted().join("");
}

const DECEPTIVE_IN_JSON = anyOf([...RAW_IN_JSON, "directions"], "g");

/** A text from outside for a message: in quotes, cut at 80 characters, with control and direction characters escaped. */
export function quoteForMessage(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return escapeAsUnicode(JSON.stringify(cut.toWellFormed()), DECEPTIVE_IN_JSON);
}
