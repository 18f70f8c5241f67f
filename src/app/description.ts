import { IapeerError } from "../model/errors.ts";
import { DESCRIPTION_LIMIT } from "../model/names.ts";
import type { App } from "./types.ts";

/**
 * A description that fits, cut between characters, with a warning where it was cut.
 *
 * @throws IapeerError `invalid-value`: it holds a character that no file can keep.
 */
export function fitDescription({ tell }: Pick<App, "tell">, text: string): string {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new IapeerError("invalid-value", "the description holds a character that no file can keep (NUL, or half of a pair)");
  }
  const characters = Array.from(text);
  if (characters.length <= DESCRIPTION_LIMIT) return text;
  tell.warn(`the description is ${characters.length} characters long and is cut at ${DESCRIPTION_LIMIT}`);
  return characters.slice(0, DESCRIPTION_LIMIT).join("");
}
