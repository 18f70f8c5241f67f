import type { BuiltInRuntime } from "../../model/names.ts";

/** How a runtime's program is told which model to use. */
export interface ModelWay {
  /** Its arguments, with `{model}` in one of them. */
  readonly args: readonly string[];
  /** The options that name a model. With one of them among the peer's own arguments, that is the model. */
  readonly options: readonly string[];
  /** The key that names a model in a `--config KEY=VALUE`, likewise. */
  readonly setting?: string;
  /** The variable that names a model, where the peer's own launch.env sets it. */
  readonly variable?: string;
}

/** How a runtime's program is given a text that joins its system prompt. */
export type PromptWay =
  | {
      readonly by: "args";
      /** Its arguments, with `{prompt}` in one of them. */
      readonly args: readonly string[];
      /** The options that ours cannot stand beside; the peer's own count. */
      readonly options: readonly string[];
    }
  /** `--config KEY="the text as a string of TOML"`. */
  | { readonly by: "setting"; readonly key: string }
  /** A variable with a JSON object, in which `instructions` is a list of files to read. */
  | { readonly by: "instructions"; readonly variable: string };

/** What iapeer knows of a runtime beyond how to start it. */
export interface RuntimeWays {
  readonly model?: ModelWay;
  readonly prompt?: PromptWay;
  /** Who beats: the runtime itself, by a hook that it can be given, or a wrapper beside it. */
  readonly heartbeat: "own" | "wrapper";
}

export interface BuiltIn extends RuntimeWays {
  /** The variable that names the program. */
  readonly variable: string;
  /** Its name on PATH. */
  readonly program: string;
  /** Whether a runtime.json stands in its place. */
  readonly isDeclarable: boolean;
}

/**
 * The runtimes that need no runtime.json. A hook of theirs is called after a turn, and an agent that waits for its person has none: a
 * wrapper beats for each. An interactive session of each needs no argument at all. What follows was seen with claude
 * 2.1.197, codex 0.169.0, pi 0.73.1 and opencode 1.18.33, in what they sent to a model.
 *
 * - claude (code.claude.com/docs/en/cli-reference): of two `--model` and of two `--append-system-prompt` the last counts; beside
 *   `--append-system-prompt-file` the other does not start. `--model` goes before ANTHROPIC_MODEL.
 * - codex (`codex --help`, `codex debug prompt-input`): a developer_instructions of the command line takes the place of config.toml's. A
 *   second `--model` is an error, and `--model` goes before a `model` of `--config`.
 * - pi (packages/coding-agent/README.md of badlogic/pi-mono): `--append-system-prompt` adds up, and keeps it from looking for its own
 *   APPEND_SYSTEM.md. Of two `--model` the last counts.
 * - opencode (opencode.ai/v1/docs/config and /v1/docs/rules): OPENCODE_CONFIG_CONTENT is merged over every other configuration, and lists of
 *   `instructions` add up. A second `--model` ends it. opencode 2 takes such a list without reading its files, and has no other way but
 *   AGENTS.md (opencode.ai/v2/docs/config and /v2/docs/instructions).
 */
export const RUNTIME_TABLE: Readonly<Record<BuiltInRuntime, BuiltIn>> = {
  claude: {
    variable: "IAPEER_CLAUDE_BIN",
    program: "claude",
    isDeclarable: false,
    model: { args: ["--model", "{model}"], options: ["--model"], variable: "ANTHROPIC_MODEL" },
    prompt: {
      by: "args",
      args: ["--append-system-prompt", "{prompt}"],
      options: ["--append-system-prompt", "--append-system-prompt-file"],
    },
    heartbeat: "wrapper",
  },
  codex: {
    variable: "IAPEER_CODEX_BIN",
    program: "codex",
    isDeclarable: false,
    model: { args: ["--model", "{model}"], options: ["--model", "-m"], setting: "model" },
    prompt: { by: "setting", key: "developer_instructions" },
    heartbeat: "wrapper",
  },
  pi: {
    variable: "IAPEER_PI_BIN",
    program: "pi",
    isDeclarable: true,
    model: { args: ["--model", "{model}"], options: ["--model"] },
    prompt: { by: "args", args: ["--append-system-prompt", "{prompt}"], options: [] },
    heartbeat: "wrapper",
  },
  opencode: {
    variable: "IAPEER_OPENCODE_BIN",
    program: "opencode",
    isDeclarable: true,
    model: { args: ["--model", "{model}"], options: ["--model", "-m"] },
    prompt: { by: "instructions", variable: "OPENCODE_CONFIG_CONTENT" },
    heartbeat: "wrapper",
  },
};
