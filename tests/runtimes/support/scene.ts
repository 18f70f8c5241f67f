import type { RealRuntime } from "../../../scripts/runtimes/programs.ts";
import type { World } from "./world.ts";

/** One stroke of a person, and the words that tell that it was taken. */
export interface Step {
  readonly keys: readonly string[];
  readonly text?: string;
  /** Undefined: nothing tells, and the next step follows at once. */
  readonly shows?: RegExp | undefined;
}

/** Presses keys, as tmux names them. */
export function press(keys: string, shows?: RegExp): Step {
  return { keys: keys.split(" ").filter((key) => key !== ""), shows };
}

/** Types a text without Enter. */
export function type(text: string, shows?: RegExp): Step {
  return { keys: [], text, shows };
}

/** What a message finds: the agent's own empty prompt, or anything else. */
export type Place = "prompt" | "elsewhere";

/** One state of a runtime. */
export interface State {
  readonly name: string;
  readonly place: Place;
  /** From where the state before was left. */
  readonly enter: readonly Step[];
  /** Back to where the next state begins. */
  readonly leave?: readonly Step[];
}

/** One launch, and the states that it goes through, one after the other. */
export interface Scene {
  readonly runtime: RealRuntime;
  readonly name: string;
  /** Writes the runtime's own files, before the launch. */
  readonly prepare: (world: World) => void;
  readonly args?: readonly string[];
  /** Variables of the launch. Undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the rest of the network answers. */
  readonly answerWeb?: (url: string) => object | undefined;
  readonly states: readonly State[];
}

const ESCAPE_MS = 400;

export async function play(world: World, steps: readonly Step[]): Promise<void> {
  for (const { keys, text, shows } of steps) {
    if (keys.length > 0) await world.press(...keys);
    // A key that follows Escape at once is a key with Alt.
    if (keys.includes("Escape")) await Bun.sleep(ESCAPE_MS);
    if (text !== undefined) await world.type(text);
    if (shows !== undefined) await world.shows(shows);
  }
}
