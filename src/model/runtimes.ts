/** The way to tell a runtime's program which model to use. */
export interface ModelWay {
  /** The program's arguments. One of them holds `{model}`. */
  readonly args: readonly string[];
  /** The options that name a model. One of them among the peer's own arguments decides the model. */
  readonly options: readonly string[];
  /** The key that names a model in a `--config KEY=VALUE` of the peer's own. */
  readonly setting?: string;
  /** The variable that names a model when the peer's own launch.env sets it. */
  readonly variable?: string;
}

/** The way to give a runtime's program a text that joins its system prompt. */
export type PromptWay =
  | {
      readonly by: "args";
      /** The program's arguments. One of them holds `{prompt}`. */
      readonly args: readonly string[];
      /** The options of the peer's own that ours cannot stand beside. */
      readonly options: readonly string[];
    }
  /** `--config KEY="the text as a string of TOML"`. */
  | { readonly by: "setting"; readonly key: string }
  /** A variable with a JSON object, whose `instructions` is a list of files to read. */
  | { readonly by: "instructions"; readonly variable: string };

/** The prompt of a program, as somebody declares it. */
export interface PromptDeclaration {
  /** The text in front of an empty input. Empty: the input is a line without any. Left out: any prompt that iapeer can recognise. */
  readonly sign?: string;
  /** false: the program shows nothing of what is typed. */
  readonly echo: boolean;
  /** How long what is typed may take to show. */
  readonly showsWithinMs?: number;
}

/** The facts about a runtime beside the program that starts it. */
export interface RuntimeWays {
  readonly model?: ModelWay;
  readonly prompt?: PromptWay;
  /** The source of heartbeats: the runtime itself, through a hook that it can be given, or a wrapper beside it. */
  readonly heartbeat: "own" | "wrapper";
}

/** The arguments of a runtime's own CLI that list, install and remove plugins. `{plugin}` stands for `name@marketplace`. */
export interface PluginCommands {
  /** The place of a plugin: once for the host, or once in each peer's folder. */
  readonly per: "host" | "folder";
  /** Prints JSON: a list of plugins, or an object with one. */
  readonly list: readonly string[];
  readonly install: readonly string[];
  /** Turns on a plugin that is installed and disabled. */
  readonly enable: readonly string[];
  readonly remove: readonly string[];
}

/** One built-in runtime. */
export interface BuiltIn extends RuntimeWays {
  /** The program's name on PATH. */
  readonly program: string;
  /** The variable that names another program. */
  readonly variable: "IAPEER_CLAUDE_BIN" | "IAPEER_CODEX_BIN" | "IAPEER_PI_BIN" | "IAPEER_OPENCODE_BIN";
  /** True: a runtime.json may stand in its place. */
  readonly isDeclarable: boolean;
  /** The runtime's CLI for plugins. A runtime that has one is agentic: provider commands run for it. */
  readonly plugins?: PluginCommands;
}

/**
 * The runtimes that need no runtime.json: a new runtime is one row. Their hooks run after a turn only. None runs while an agent waits for
 * its person, so a wrapper beats for each. An interactive session of each needs no argument at all. The facts come from the requests of
 * claude 2.1.197, codex 0.169.0, pi 0.73.1 and opencode 1.18.33 to a model.
 *
 * - claude (code.claude.com/docs/en/cli-reference): the last of two `--model` and of two `--append-system-prompt` counts. Beside
 *   `--append-system-prompt-file` the other option keeps claude from starting. `--model` goes before ANTHROPIC_MODEL.
 * - codex (`codex --help`, `codex debug prompt-input`): a developer_instructions of the command line replaces that of config.toml. A
 *   second `--model` is an error, and `--model` goes before a `model` of `--config`. Its plugins: openai/codex, pull request 25330.
 * - pi (packages/coding-agent/README.md of badlogic/pi-mono): `--append-system-prompt` adds up, and keeps pi from its own
 *   APPEND_SYSTEM.md. The last of two `--model` counts.
 * - opencode (opencode.ai/v1/docs/config and /v1/docs/rules): OPENCODE_CONFIG_CONTENT is merged over every other configuration, and lists
 *   of `instructions` add up. A second `--model` ends it. opencode 2 accepts such a list without reading its files, and has no other way
 *   but AGENTS.md (opencode.ai/v2/docs/config and /v2/docs/instructions).
 */
export const RUNTIMES = {
  claude: {
    program: "claude",
    variable: "IAPEER_CLAUDE_BIN",
    isDeclarable: false,
    model: { args: ["--model", "{model}"], options: ["--model"], variable: "ANTHROPIC_MODEL" },
    prompt: {
      by: "args",
      args: ["--append-system-prompt", "{prompt}"],
      options: ["--append-system-prompt", "--append-system-prompt-file"],
    },
    heartbeat: "wrapper",
    plugins: {
      per: "folder",
      list: ["plugin", "list", "--json"],
      install: ["plugin", "install", "{plugin}", "--scope", "project"],
      enable: ["plugin", "enable", "{plugin}", "--scope", "project"],
      remove: ["plugin", "uninstall", "{plugin}", "--scope", "project"],
    },
  },
  codex: {
    program: "codex",
    variable: "IAPEER_CODEX_BIN",
    isDeclarable: false,
    model: { args: ["--model", "{model}"], options: ["--model", "-m"], setting: "model" },
    prompt: { by: "setting", key: "developer_instructions" },
    heartbeat: "wrapper",
    plugins: {
      per: "host",
      list: ["plugin", "list", "--json"],
      install: ["plugin", "add", "{plugin}"],
      // Adding a plugin that is installed and disabled enables it.
      enable: ["plugin", "add", "{plugin}"],
      remove: ["plugin", "remove", "{plugin}"],
    },
  },
  pi: {
    program: "pi",
    variable: "IAPEER_PI_BIN",
    isDeclarable: true,
    model: { args: ["--model", "{model}"], options: ["--model"] },
    prompt: { by: "args", args: ["--append-system-prompt", "{prompt}"], options: [] },
    heartbeat: "wrapper",
  },
  opencode: {
    program: "opencode",
    variable: "IAPEER_OPENCODE_BIN",
    isDeclarable: true,
    model: { args: ["--model", "{model}"], options: ["--model", "-m"] },
    prompt: { by: "instructions", variable: "OPENCODE_CONFIG_CONTENT" },
    heartbeat: "wrapper",
  },
} as const satisfies Readonly<Record<string, BuiltIn>>;

type Table = typeof RUNTIMES;

/** A runtime that iapeer can start without a runtime.json. */
export type BuiltInRuntime = keyof Table;
/** A runtime that provider commands run for. */
export type AgenticRuntime = { [R in BuiltInRuntime]: Table[R] extends { readonly plugins: object } ? R : never }[BuiltInRuntime];

export const BUILT_IN_RUNTIMES = Object.keys(RUNTIMES) as readonly BuiltInRuntime[];
export const AGENTIC_RUNTIMES = BUILT_IN_RUNTIMES.filter(isAgentic);

/** True for a runtime that iapeer can start without a runtime.json. */
export function isBuiltIn(runtime: string): runtime is BuiltInRuntime {
  return Object.hasOwn(RUNTIMES, runtime);
}

/** True for a runtime that provider commands run for. */
export function isAgentic(runtime: string): runtime is AgenticRuntime {
  return findBuiltIn(runtime)?.plugins !== undefined;
}

/** The row of a runtime; undefined when iapeer only knows it by a runtime.json or not at all. */
export function findBuiltIn(runtime: string): BuiltIn | undefined {
  return isBuiltIn(runtime) ? RUNTIMES[runtime] : undefined;
}
