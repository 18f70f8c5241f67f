import { IapeerError } from "../model/errors.ts";
import { DESCRIPTION_LIMIT } from "../model/names.ts";
import type { Output } from "./output.ts";

/** A description that fits, cut between characters. Throws `invalid-value`. */
export function cutDescription(text: string, output: Output): string {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new IapeerError("invalid-value", "the description holds a character that no file can keep (NUL, or half of a pair)");
  }
  const characters = Array.from(text);
  if (characters.length <= DESCRIPTION_LIMIT) return text;
  output.warn(`the description is ${characters.length} characters long and is cut at ${DESCRIPTION_LIMIT}`);
  return characters.slice(0, DESCRIPTION_LIMIT).join("");
}
