import type { Screen } from "../types.ts";

/** An input line of a program, as a screen shows it. */
export interface Prompt {
  /** Its first row, with its sign; -1 when that has scrolled off the screen. */
  readonly top: number;
  /** Its last row with text, or with the cursor. */
  readonly bottom: number;
  /** The start of its first row: frame, sign and the blanks behind that. */
  readonly sign: string;
  /** The text that was typed there, squeezed; empty when there is none. */
  readonly typed: string;
}

/** A prompt as it stood empty, and the text that was pasted into it since. */
export interface Known {
  readonly prompt: Prompt;
  /** Squeezed; empty when nothing was pasted. */
  readonly text: string;
}

/** The reading of a screen: the program's own prompt has the keyboard, or why that is not so. */
export type Sight = { readonly kind: "prompt"; readonly prompt: Prompt } | { readonly kind: "other"; readonly why: string };

/** A screen and the prompt on it. */
export interface Seen {
  readonly screen: Screen;
  readonly prompt: Prompt;
}

/** The way to recognise a program's own prompt. Its functions are pure. */
export interface PromptRule {
  /** Reads a screen. Without `known` a rule for any program finds an empty prompt only. */
  readonly find: (screen: Screen, known?: Known) => Sight;
  /** Tells whether a squeezed word is the one that the program shows in the place of a long paste. Left out: any such word may be. */
  readonly isFold?: (word: string, text: string) => boolean;
  /** Tells why something beside the filled prompt may have got the keyboard. Left out: anything that came or went there may. */
  readonly whyCameUp?: (before: Seen, after: Seen) => string | undefined;
  /** The texts, squeezed, that a busy program keeps for later, as its screen shows them. */
  readonly readQueue?: (screen: Screen) => string;
  /** True: the program never reads whole lines. A terminal that hands out lines is one that it has not taken yet. */
  readonly readsKeys?: boolean;
  /** True: a prompt that is empty again after Enter has taken the message, even where the screen shows it nowhere. */
  readonly isVouchedFor?: boolean;
}
