import type { RuntimeWays } from "../../model/runtimes.ts";

/** The additions of a peer's own launch.env to a session. */
export interface LaunchEnv {
  /** Variables of the runtime's environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Arguments of the runtime, from PEER_START_ARGS, which is no variable itself. */
  readonly startArgs: readonly string[];
}

/** A runtime's program, and how it is told things. */
export interface RuntimeCommand {
  /** The words that start it. The first is the absolute path of a program that can be run. */
  readonly argv: readonly string[];
  readonly ways: RuntimeWays;
}

/** A runtime's program with the additions of one folder. */
export interface FoundProgram extends LaunchEnv {
  readonly program: RuntimeCommand;
}

/** The wishes of the fleet for one of its agents. */
export interface Member {
  readonly model?: string | undefined;
  /** The text that joins its system prompt. */
  readonly prompt: string;
  /** The words that run iapeer with this root. A wrapper beats with them. */
  readonly iapeer: readonly string[];
}

/** A wish that the runtime could not be told. */
export interface Unmet {
  readonly what: "model" | "prompt";
  /** "its runtime does not say how it takes a model" */
  readonly why: string;
}

/** The command of one launch. */
export interface LaunchCommand {
  readonly argv: readonly string[];
  /** The words that stand before `argv` and become its program. */
  readonly wrapper: readonly string[];
  /** The variables of launch.env, and those that tell the runtime something. */
  readonly variables: Readonly<Record<string, string>>;
  /** The model that this starts, as far as it can be told. */
  readonly model?: string;
  /** True when something of this reads the prompt's file, which must be written first. */
  readonly needsFile: boolean;
  readonly unmet: readonly Unmet[];
}
