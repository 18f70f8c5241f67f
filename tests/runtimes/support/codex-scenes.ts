import { join } from "node:path";
import { press, type Scene, type State, type Step, type } from "./scene.ts";
import type { World } from "./world.ts";

interface Settings {
  /** Bob's folder is one that codex was told to trust. */
  readonly isTrusted?: boolean;
  /** More lines of config.toml, at its top. */
  readonly top?: readonly string[];
  readonly tui?: readonly string[];
}

/** Writes the configuration of a codex whose provider is the local API. */
export function prepareCodex({ sandbox, folder, api }: World, { isTrusted = true, top = [], tui = [] }: Settings = {}): void {
  const lines = [
    'model = "gpt-5.2-codex"',
    'model_provider = "local"',
    ...top,
    "[model_providers.local]",
    'name = "local"',
    `base_url = "${api.url}/v1"`,
    'env_key = "OPENAI_API_KEY"',
    'wire_api = "responses"',
    "[tui]",
    ...tui,
    ...(isTrusted ? [`[projects."${folder}"]`, 'trust_level = "trusted"'] : []),
  ];
  sandbox.write(join("home", ".codex", "config.toml"), `${lines.join("\n")}\n`);
}

/** The line below the prompt, once codex has started: the model and the folder. Its prompt shows earlier than it is read. */
const PROMPT = /› Ask Codex to do anything\n+  gpt-5\.2-codex/;
const clear = press("C-u", PROMPT);
const back: readonly Step[] = [press("Escape", PROMPT)];

const elsewhere = (name: string, enter: readonly Step[], leave: readonly Step[] = back): State => ({ name, place: "elsewhere", enter, leave });
const prompt = (name: string, enter: readonly Step[], leave: readonly Step[] = []): State => ({ name, place: "prompt", enter, leave });
const command = (name: string, shows: RegExp): readonly Step[] => [type(`/${name}`, new RegExp(`› /${name}`)), press("Enter", shows)];

const firstRun: Scene = {
  runtime: "codex",
  name: "first-run",
  prepare: ({ sandbox }) => void sandbox.write("home/.codex/config.toml", ""),
  states: [
    elsewhere("sign-in", [press("", /Choose how you want to use Codex/)], [press("Down"), press("Down"), press("Enter", /Sign in another way[^]*Amazon/)]),
    elsewhere("sign-in-another-way", [], [press("Enter", /Paste or type your API key/)]),
    elsewhere("api-key-entry", [], []),
  ],
};

const trust: Scene = {
  runtime: "codex",
  name: "trust",
  prepare: (world) => prepareCodex(world, { isTrusted: false }),
  states: [elsewhere("trust-dialog", [press("", /trust/i)], [])],
};

const update: Scene = {
  runtime: "codex",
  name: "update",
  prepare: (world) => {
    prepareCodex(world);
    const version = { latest_version: "99.0.0", last_checked_at: new Date().toISOString(), dismissed_version: null };
    world.sandbox.write("home/.codex/version.json", JSON.stringify(version));
  },
  states: [elsewhere("update-notice", [press("", /99\.0\.0/)], [])],
};

const views: Scene = {
  runtime: "codex",
  name: "views",
  prepare: (world) => prepareCodex(world),
  states: [
    prompt("prompt-empty", [press("", PROMPT)]),
    elsewhere("half-line", [type("half a line", /› half a line/)], [clear]),
    elsewhere("slash-menu", [type("/", /\/model/)], [press("BSpace", PROMPT)]),
    elsewhere("at-menu", [type("@", /› @/)], [press("BSpace", PROMPT)]),
    elsewhere("bang-line", [type("!", /!/)], [press("BSpace", PROMPT)]),
    elsewhere("bang-line-typed", [type("!ls", /ls/)], [press("C-u"), press("BSpace", PROMPT)]),
    elsewhere("hash-line", [type("#", /› #/)], [clear]),
    prompt("help-below", [type("?", /shortcuts/)], [press("Escape")]),
    elsewhere("history-search", [press("C-r", /search/i)]),
    elsewhere("transcript", [press("C-t", /T R A N S C R I P T/)], [press("q", PROMPT)]),
    elsewhere("model-menu", command("model", /Select Model|model/)),
    elsewhere("permissions-menu", command("permissions", /permissions|Approv/i)),
    elsewhere("resume-picker", command("resume", /resume/i)),
    prompt("exit-hint", [press("C-c", /again to (exit|quit)/i)]),
  ],
};

const talk: Scene = {
  runtime: "codex",
  name: "talk",
  prepare: (world) => prepareCodex(world),
  states: [
    prompt("prompt-after-turn", [press("", PROMPT), type("Hello", /› Hello/), press("Enter", /All right/)]),
    prompt("prompt-busy", [type("Take your time", /› Take/), press("Enter", /Working on step 3/)]),
    prompt("prompt-busy-queue", [type("a second thing", /a second/), press("Enter", /a second thing/)], [press("Escape"), press("", PROMPT)]),
    elsewhere("permission-question", [type("Please run: touch made", /› Please/), press("Enter", /Would you like/)], [press("Escape", PROMPT)]),
  ],
};

export const CODEX_SCENES: readonly Scene[] = [firstRun, trust, update, views, talk];
