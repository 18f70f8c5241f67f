import type { RealRuntime } from "../../../scripts/runtimes/programs.ts";
import { openWorld, type World } from "./world.ts";

/** One stroke of a person, and the words that tell that it was taken. */
export interface Step {
  readonly keys: readonly string[];
  readonly text?: string;
  /** True: the keys may be pressed again when nothing came of them. */
  readonly isRepeatable?: boolean;
  /** True: the model's held reply ends. */
  readonly isRelease?: boolean;
  /** Undefined: nothing tells, and the next step follows at once. */
  readonly shows?: RegExp | undefined;
}

/** Presses keys, as tmux names them. */
export function press(keys: string, shows?: RegExp): Step {
  return { keys: keys.split(" "), isRepeatable: keys === "Escape", shows };
}

/** Presses keys, and does so again when nothing came of them. */
export function insist(keys: string, shows: RegExp): Step {
  return { ...press(keys, shows), isRepeatable: true };
}

/** Types a text without Enter. */
export function type(text: string, shows?: RegExp): Step {
  return { keys: [], text, shows };
}

/** Only waits. */
export function wait(shows: RegExp): Step {
  return { keys: [], shows };
}

/** Lets the model's held reply end. */
export function release(shows: RegExp): Step {
  return { keys: [], isRelease: true, shows };
}

/**
 * Where the keyboard is: at the agent's own empty prompt, at that prompt while the agent works, or anywhere else. A state that passes by
 * itself is recorded, and no test can send into it.
 */
type Place = "prompt" | "busy" | "elsewhere" | "passing";

/** One state of a runtime. */
export interface State {
  readonly name: string;
  readonly place: Place;
  /** From where the state before was left. */
  readonly enter: readonly Step[];
  /** Back to where the next state begins. */
  readonly leave?: readonly Step[];
}

/** A state at the agent's own, empty prompt. */
export function prompt(name: string, enter: readonly Step[], leave: readonly Step[] = []): State {
  return { name, place: "prompt", enter, leave };
}

/** A state in which something else has the keyboard. */
export function elsewhere(name: string, enter: readonly Step[], leave: readonly Step[]): State {
  return { name, place: "elsewhere", enter, leave };
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
  /** From the launch to the empty prompt, from where every state is entered. Left out: each state is entered from the one before. */
  readonly begin?: readonly Step[];
  /** The runtime asks hosts of the network before it goes on. */
  readonly needsWeb?: boolean;
  readonly states: readonly State[];
}

/** Launches the runtime of a scene. */
export async function openScene({ runtime, prepare, args = [], env = {}, begin = [] }: Scene): Promise<World> {
  const world = await openWorld(runtime);
  try {
    prepare(world);
    for (const [name, value] of Object.entries(env)) {
      if (value === undefined) delete world.sandbox.env[name];
      else world.sandbox.env[name] = value;
    }
    await world.launch(...args);
    await play(world, begin);
    return world;
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** A key that follows Escape at once is a key with Alt. */
const ESCAPE_MS = 400;
/** codex takes an Enter that follows typed characters at once for a part of a paste. */
const TYPED_MS = 250;

/** Some views take no key while they are being drawn. It is pressed again after this time. */
const AGAIN_MS = 8000;

/** Plays the strokes of a person. */
export async function play(world: World, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await stroke(world, step);
    if (step.shows === undefined) continue;
    if (step.isRepeatable && !(await world.isShown(step.shows, AGAIN_MS))) await stroke(world, step);
    await world.shows(step.shows);
  }
}

async function stroke(world: World, { keys, text, isRelease }: Step): Promise<void> {
  if (keys.length > 0) await world.press(...keys);
  if (keys.includes("Escape")) await Bun.sleep(ESCAPE_MS);
  if (text !== undefined) {
    await world.type(text);
    await Bun.sleep(TYPED_MS);
  }
  if (isRelease) world.api.release();
}
