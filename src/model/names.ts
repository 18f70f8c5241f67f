import { anyOf, escapeAsUnicode, RAW_IN_JSON } from "./characters.ts";
import { distance } from "fastest-levenshtein";
import { IapeerError } from "./errors.ts";

export type Intelligence = "artificial" | "natural" | "absent";

const PERSONALITY = /^[a-z][a-z0-9-]{0,31}$/;
const RUNTIME = /^[a-z][a-z0-9]{0,31}$/;

/** Longer descriptions are cut, with a warning (contract 3). */
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

/** Words that stand for an intelligence; the last two are the legacy ones, kept on disk as they were. */
const INTELLIGENCE_WORDS: Readonly<Record<string, Intelligence>> = {
  artificial: "artificial",
  natural: "natural",
  absent: "absent",
  human: "natural",
  scripted: "absent",
};

export function isPersonality(text: string): boolean {
  return PERSONALITY.test(text);
}

export function isRuntime(text: string): boolean {
  return RUNTIME.test(text);
}

/** A peer's name, or `invalid-name` saying what is allowed. */
export function parsePersonality(text: string): string {
  if (isPersonality(text)) return text;
  throw new IapeerError("invalid-name", `not a peer's name: ${quoteForMessage(text)}`, {
    hint: "a name is 1 to 32 characters: a small letter, then small letters, digits and dashes (^[a-z][a-z0-9-]{0,31}$)",
  });
}

/** A runtime's name, or `invalid-name` saying what is allowed. */
export function parseRuntime(text: string): string {
  if (isRuntime(text)) return text;
  throw new IapeerError("invalid-name", `not a runtime's name: ${quoteForMessage(text)}`, {
    hint: "a runtime is 1 to 32 characters: a small letter, then small letters and digits (^[a-z][a-z0-9]{0,31}$)",
  });
}

const SOCKET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Whether a text names a tmux server as `tmux -L` does, and nothing in it is read by a shell, ssh or tmux as more than a letter. */
export function isSocketName(text: string): boolean {
  return SOCKET_NAME.test(text);
}

const PLAIN_PATH = /^\/[A-Za-z0-9_./-]{1,106}$/;

/** The same for a name or an absolute path, as `tmux -S` takes it. */
export function isSocketPlace(text: string): boolean {
  return isSocketName(text) || PLAIN_PATH.test(text);
}

const HOST_NAME = /^[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,252}$/;

/** Whether a text is a host's name or address, and nothing in it is read as more than that. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

const SSH_DESTINATION = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,252}$/;

/** Whether a text is what ssh connects to, `[user@]host`, and is read as nothing else: no dash first, nothing that a shell would read. */
export function isSshDestination(text: string): boolean {
  return SSH_DESTINATION.test(text);
}

/** A tmux socket's name, or `invalid-name` saying what is allowed. */
export function parseSocketName(text: string): string {
  if (isSocketName(text)) return text;
  throw new IapeerError("invalid-name", `not a socket's name: ${quoteForMessage(text)}`, {
    hint: "a socket's name is 1 to 64 letters, digits, dots, dashes and underscores, no dot or dash first; no path",
  });
}

/** `<runtime>-<personality>`; unambiguous, since a runtime holds no dash. */
export function identityOf(runtime: string, personality: string): string {
  return `${runtime}-${personality}`;
}

/** The reverse of identityOf, split at the first dash; undefined for what is no identity. */
export function parseIdentity(text: string): { runtime: string; personality: string } | undefined {
  const dash = text.indexOf("-");
  const runtime = text.slice(0, Math.max(dash, 0));
  const personality = text.slice(dash + 1);
  return isRuntime(runtime) && isPersonality(personality) ? { runtime, personality } : undefined;
}

/** An identity as a command line has it: "alice --runtime claude". */
export function callOf(identity: string): string {
  const { runtime, personality } = parseIdentity(identity)!;
  return `${personality} --runtime ${runtime}`;
}

/** What a word on disk or on the command line means; undefined for a word iapeer does not know. */
export function parseIntelligence(word: string): Intelligence | undefined {
  return Object.hasOwn(INTELLIGENCE_WORDS, word) ? INTELLIGENCE_WORDS[word] : undefined;
}

export function defaultIntelligence(runtime: string): Intelligence {
  return Object.hasOwn(INTELLIGENCE_BY_RUNTIME, runtime) ? INTELLIGENCE_BY_RUNTIME[runtime]! : "artificial";
}

/** The nearest of some words, for "did you mean"; undefined when none is near enough to be a slip of the finger. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; steps: number } | undefined;
  for (const candidate of candidates) {
    const steps = isScrambled(word, candidate) ? 1 : distance(word, candidate);
    if (best === undefined || steps < best.steps) best = { candidate, steps };
  }
  const allowed = word.length < 5 ? Math.min(1, word.length - 1) : Math.max(2, Math.floor(word.length / 3));
  return best !== undefined && best.steps <= allowed ? best.candidate : undefined;
}

/** The same letters in another order: the commonest slip, and two steps to Levenshtein. */
function isScrambled(word: string, candidate: string): boolean {
  return word.length === candidate.length && Array.from(word).toSorted().join("") === Array.from(candidate).toSorted().join("");
}

const DECEPTIVE_IN_JSON = anyOf([...RAW_IN_JSON, "directions"], "g");

/** A person's text inside our message: quoted, control and direction characters escaped, cut at 80 characters. */
export function quoteForMessage(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return escapeAsUnicode(JSON.stringify(cut.toWellFormed()), DECEPTIVE_IN_JSON);
}
