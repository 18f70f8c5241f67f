import { anyOf } from "./characters.ts";
import { IapeerError } from "./errors.ts";

/** The most characters (code points) that a message may have, without its head. */
export const MAX_CHARS = 16_000;

/** More bytes than any such message has in UTF-8, even with a CR before every line end. */
export const MAX_BYTES = 8 * MAX_CHARS;

/** The characters that a terminal, or a program in it, may take for a key. ESC among them could end the paste. */
const CONTROL = anyOf(["nul", "carriageReturn", "ascii", "del", "c1"]);

/**
 * A message as it may be pasted: line ends are LF, and the last line has none.
 *
 * @throws IapeerError `message-invalid`: it is empty, too long, or holds characters that are not text.
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

/** A message's bytes as text. Throws `message-invalid` when they are not UTF-8. */
export function decodeMessage(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw messageInvalid("the message is not UTF-8");
  }
}

/** The refusal of a text that cannot be a message. */
export function messageInvalid(message: string, hint?: string): IapeerError {
  return new IapeerError("message-invalid", message, hint === undefined ? {} : { hint });
}

/** The number of characters (code points) in a text. */
export function charsIn(text: string): number {
  return Array.from(text).length;
}

function nameOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
