import { tame } from "../../model/characters.ts";
import { IapeerError } from "../../model/errors.ts";
import { callOf } from "../../model/names.ts";
import type { Screen } from "./types.ts";

/**
 * The state in which a refused message leaves the agent's input. `untouched`: nothing was typed. `cleared`: the message was taken back.
 * `holds-message`: some or all of it stands there, and Enter was not pressed.
 */
export type InputState = "untouched" | "cleared" | "holds-message";

/** The refusal to press Enter. */
export interface PromptRefusal {
  readonly identity: string;
  /** "a line beside the cursor asks something" */
  readonly why: string;
  readonly screen: Screen;
  readonly input: InputState;
}

const ENDS = {
  untouched: "nothing was typed",
  cleared: "the message was taken back",
  "holds-message": "the message stands there and was not submitted",
} as const satisfies Record<InputState, string>;

/** The error for a message that found no empty prompt of the agent's own. */
export function notAtPrompt({ identity, why, screen, input }: PromptRefusal): IapeerError {
  return new IapeerError("not-at-prompt", `${identity} is not at an empty prompt, and ${ENDS[input]}: ${why}`, {
    hint: `look at what it shows, and answer that yourself: iapeer attach ${callOf(identity)}`,
    details: { identity, why, input, screen: shownLines(screen) },
  });
}

/** The lines of a screen without the blank ones at its end, fit to be printed. */
function shownLines({ lines }: Screen): string[] {
  const last = lines.findLastIndex((line) => line.trim() !== "");
  return lines.slice(0, last + 1).map((line) => tame(line));
}
