import { join } from "node:path";
import { elsewhere, insist, press, prompt, release, type Scene, type State, type Step, type, wait } from "./scene.ts";
import type { Sends } from "./sends.ts";
import type { World } from "./world.ts";

interface Settings {
  /** Bob's folder is one that codex was told to trust. */
  readonly isTrusted?: boolean;
  /** codex starts a server of its own in the background, as it does by default. That copies 400 MB into a new home. */
  readonly hasDaemon?: boolean;
}

/** Writes the configuration of a codex whose provider is the local API. */
function prepareCodex({ sandbox, folder, api }: World, { isTrusted = true, hasDaemon = false }: Settings = {}): void {
  const lines = [
    'model = "gpt-5.2-codex"',
    'model_provider = "local"',
    "[model_providers.local]",
    'name = "local"',
    `base_url = "${api.url}/v1"`,
    'env_key = "OPENAI_API_KEY"',
    'wire_api = "responses"',
    "[features]",
    `daemon_auto_start = ${hasDaemon}`,
    ...(isTrusted ? [`[projects."${folder}"]`, 'trust_level = "trusted"'] : []),
  ];
  sandbox.write(join("home", ".codex", "config.toml"), `${lines.join("\n")}\n`);
}

/** The line below the prompt, once codex has started: the model and the folder. Its prompt shows earlier than it is read. */
const PROMPT = /› Ask Codex to do anything\n+  gpt-5\.2-codex/;
const clear = press("C-u", PROMPT);
const back: readonly Step[] = [press("Escape", PROMPT)];

const call = (command: string, shows: RegExp): readonly Step[] => [
  type(`/${command}`, new RegExp(`› /${command}`)),
  press("Enter", shows),
];
/** A view that a command opens. Escape closes it. */
const view = (name: string, command: string, shows: RegExp): State => elsewhere(name, call(command, shows), back);

const firstRun: Scene = {
  runtime: "codex",
  name: "first-run",
  prepare: ({ sandbox }) => void sandbox.write("home/.codex/config.toml", "[features]\ndaemon_auto_start = false\n"),
  states: [
    elsewhere(
      "sign-in",
      [wait(/Choose how you want to use Codex/)],
      [press("Down"), press("Down"), press("Enter", /Sign in another way[^]*Amazon/)],
    ),
    elsewhere("sign-in-another-way", [], [insist("Enter", /Paste or type your API key/)]),
    elsewhere("api-key-entry", [], []),
  ],
};

const trust: Scene = {
  runtime: "codex",
  name: "trust",
  prepare: (world) => {
    prepareCodex(world, { isTrusted: false });
    // codex asks about a repository, and not about a plain folder.
    world.sandbox.write(join(world.folder, ".git", "HEAD"), "ref: refs/heads/main\n");
  },
  states: [elsewhere("trust-dialog", [wait(/trust/i)], [])],
};

const update: Scene = {
  runtime: "codex",
  name: "update",
  prepare: (world) => {
    prepareCodex(world);
    const version = { latest_version: "99.0.0", last_checked_at: new Date().toISOString(), dismissed_version: null };
    world.sandbox.write("home/.codex/version.json", JSON.stringify(version));
    // The codex.js of npm sets it. The environment of a launch loses it.
    world.sandbox.write(join(world.folder, ".iapeer/runtimes/codex/launch.env"), "CODEX_MANAGED_BY_NPM=1\n");
  },
  states: [elsewhere("update-notice", [wait(/Update now/)], [])],
};

const views: Scene = {
  runtime: "codex",
  name: "views",
  prepare: (world) => {
    prepareCodex(world);
    world.sandbox.env["EDITOR"] = world.sandbox.script("editor", "stty sane; echo This is the editor; read -r line");
  },
  begin: [wait(PROMPT)],
  states: [
    prompt("prompt-empty", []),
    elsewhere("half-line", [type("half a line", /› half a line/)], [clear]),
    elsewhere("slash-menu", [type("/", /\/model/)], [press("BSpace", PROMPT)]),
    elsewhere("at-menu", [type("@", /› @/)], [press("BSpace", PROMPT)]),
    elsewhere("bang-line", [type("!", /!/)], [press("BSpace", PROMPT)]),
    elsewhere("bang-line-typed", [type("!ls", /ls/)], [press("C-u"), press("BSpace", PROMPT)]),
    elsewhere("hash-line", [type("#", /› #/)], [clear]),
    prompt("help-below", [type("?", /shortcuts/)], [press("Escape")]),
    elsewhere("history-search", [press("C-r", /search/i)], back),
    view("model-menu", "model", /Select Model/i),
    view("permissions-menu", "permissions", /Full Access|Read Only|Ask for/i),
    view("resume-picker", "resume", /Resume a|No .*sessions|Search/i),
    view("review-menu", "review", /review/i),
    view("theme-menu", "theme", /theme/i),
    view("keymap-menu", "keymap", /keymap/i),
    view("experimental-menu", "experimental", /experimental/i),
    view("statusline-menu", "statusline", /status line/i),
    view("skills-menu", "skills", /Choose an action/),
    view("plugins-menu", "plugins", /Browse plugins/),
    view("rename", "rename", /(?:Rename|Name) thread/),
    view("feedback-menu", "feedback", /How was this/),
    view("hooks-menu", "hooks", /PreToolUse/),
    elsewhere("warnings", [press("F2", /Warnings · /)], back),
    elsewhere("agents-view", [press("Left", /Agent command center/)], back),
    elsewhere(
      "external-editor",
      [press("C-g", /This is the editor/)],
      [press("Enter", /for shortcuts/), type("x", /› x/), clear],
    ),
    prompt("vim-insert", [...call("vim", /vim/i), type("i", /Vim: Insert/)]),
    prompt("vim-normal", [press("Escape", /Vim: Normal/)]),
  ],
};

const TURN_DONE = /Worked for[^]*› Ask Codex to do anything\n+  gpt-5/;
const busy: readonly Step[] = [type("Take your time", /› Take/), press("Enter", /Step 3\./)];

const browse: readonly Step[] = [press("Escape", /esc again/), press("Escape", /Browsing transcript/)];

const talk: Scene = {
  runtime: "codex",
  name: "talk",
  prepare: (world) => prepareCodex(world),
  begin: [wait(PROMPT)],
  states: [
    prompt("prompt-after-turn", [type("Hello", /› Hello/), press("Enter", TURN_DONE)]),
    { name: "prompt-busy", place: "busy", enter: busy, leave: [release(TURN_DONE)] },
    elsewhere("half-line-busy", [...busy, type("half a line", /› half a line/)], [press("C-u"), release(TURN_DONE)]),
    prompt("escape-hint", [press("Escape", /esc again/)], [type("x", /› x/), press("BSpace", PROMPT)]),
    elsewhere("transcript-browsing", browse, back),
    elsewhere("transcript", [...browse, press("C-t")], [press("Escape"), press("Escape", PROMPT)]),
    elsewhere(
      "permission-question",
      [type("Please run: touch made", /› Please/), press("Enter", /Would you like/)],
      [press("Escape", PROMPT)],
    ),
  ],
};

const start: Scene = {
  runtime: "codex",
  name: "start",
  prepare: (world) => prepareCodex(world, { hasDaemon: true }),
  states: [{ name: "starting", place: "passing", enter: [wait(/› Ask Codex/)] }, prompt("prompt-started", [wait(PROMPT)])],
};

export const CODEX_SCENES: readonly Scene[] = [firstRun, trust, update, start, views, talk];

export const CODEX_SENDS: Sends = { scene: talk, busy };
