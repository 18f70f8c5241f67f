import { anyOf } from "../../model/characters.ts";
import { hostname } from "node:os";
import { IapeerError } from "../../model/errors.ts";

/** As many characters (code points) as a message may have, its head not counted. */
export const MAX_CHARS = 16_000;

/** More than any message that may be sent has in UTF-8, with a CR before every line end. */
export const MAX_BYTES = 8 * MAX_CHARS;

/** One end of a message, as its head names it. */
export interface Party {
  readonly host: string;
  /** A peer's name, or a person's account. */
  readonly name: string;
}

export interface Route {
  readonly from: Party;
  readonly to: Party;
}

/** What a terminal, or a program behind one, may take for a key or a command: ESC above all, which could end the paste. */
const CONTROL = anyOf(["nul", "carriageReturn", "ascii", "del", "c1"]);

/**
 * A message as it may be pasted: line ends are LF, and none at its end.
 *
 * @throws IapeerError `message-invalid`: empty, too long, or with what is no text.
 */
export function parseMessage(text: string): string {
  const message = text.replaceAll("\r\n", "\n").replace(/\n+$/, "");
  if (message.trim() === "") throw messageInvalid("the message is empty");
  if (!message.isWellFormed()) throw messageInvalid("the message holds half a character (a lone surrogate)");
  const control = CONTROL.exec(message);
  if (control !== null)
    throw messageInvalid(
      `the message holds a control character: ${nameOf(control[0])}, at character ${charsIn(message.slice(0, control.index)) + 1}`,
    );
  const chars = charsIn(message);
  if (chars > MAX_CHARS)
    throw messageInvalid(`the message has ${chars} characters, more than ${MAX_CHARS}`, "send a file's path, not the file");
  return message;
}

/** A message's bytes as text. Throws `message-invalid` for what is no UTF-8. */
export function decodeMessage(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw messageInvalid("the message is not UTF-8");
  }
}

export function messageInvalid(message: string, hint?: string): IapeerError {
  return new IapeerError("message-invalid", message, hint === undefined ? {} : { hint });
}

/** `[host:from -> host:to] `: what every message begins with. */
export function renderHead({ from, to }: Route): string {
  return `[${renderParty(from)} -> ${renderParty(to)}] `;
}

export function renderParty({ host, name }: Party): string {
  return `${host}:${name}`;
}

/** Who sent something, as this host's own logs and results have it: with the host only where that is another. */
export function renderSender(from: Party): string {
  return from.host === readHost() ? from.name : renderParty(from);
}

const PARTY_WORD = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** `HOST:NAME` as another host sends it, of letters that no shell and no head reads as more; undefined for anything else. */
export function parseParty(text: string): Party | undefined {
  const [host, name, ...rest] = text.split(":");
  const isParty = host !== undefined && name !== undefined && rest.length === 0 && PARTY_WORD.test(host) && PARTY_WORD.test(name);
  return isParty ? { host, name } : undefined;
}

/** What parseParty reads, of any host and account: what it does not take becomes "_". */
export function encodeParty({ host, name }: Party): string {
  return `${encodeWord(host)}:${encodeWord(name)}`;
}

function encodeWord(word: string): string {
  return (
    word
      .replaceAll(/[^A-Za-z0-9_.-]/gu, "_")
      .replace(/^[.-]/, "_")
      .slice(0, 64) || "_"
  );
}

/** The host's name up to its first dot, without what could end a head. */
export function readHost(): string {
  return tameName(hostname().split(".")[0]!) || "localhost";
}

/** A name from outside (a host's, an account's) as a head may have it. */
export function tameName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]/gu, "_");
}

export function charsIn(text: string): number {
  return Array.from(text).length;
}

function nameOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
