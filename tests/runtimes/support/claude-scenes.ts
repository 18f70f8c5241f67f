import { join } from "node:path";
import { elsewhere, press, prompt, release, type Scene, type State, type Step, type, wait } from "./scene.ts";
import type { Sends } from "./sends.ts";
import { API_KEY, type World } from "./world.ts";

interface Settings {
  /** Bob's folder is one that claude was told to trust. */
  readonly isTrusted?: boolean;
  readonly settings?: object;
  readonly config?: object;
}

/** Writes the files of a claude that a person has used before. */
function prepareClaude({ sandbox, folder }: World, { isTrusted = true, settings = {}, config = {} }: Settings = {}): void {
  const known = {
    hasCompletedOnboarding: true,
    lastOnboardingVersion: "9.9.9",
    lastReleaseNotesSeen: "9.9.9",
    hasSeenAutoDefaultNotice: true,
    hasSeenAutoDefaultNudge: true,
    officialMarketplaceAutoInstallAttempted: true,
    customApiKeyResponses: { approved: [API_KEY.slice(-20)], rejected: [] },
    projects: { [folder]: { allowedTools: [], hasTrustDialogAccepted: isTrusted } },
    ...config,
  };
  sandbox.write(join("home", ".claude.json"), JSON.stringify(known));
  sandbox.write(
    join("home", ".claude", "settings.json"),
    JSON.stringify({ theme: "dark", permissions: { defaultMode: "default" }, ...settings }),
  );
}

const MANUAL = /manual mode on/;
const clear = press("C-u");
const back: readonly Step[] = [press("Escape", MANUAL)];

const twice: readonly Step[] = [press("Escape"), press("Escape", MANUAL)];

const call = (command: string, shows: RegExp): readonly Step[] => [
  type(`/${command}`, new RegExp(`❯.*/${command}`)),
  press("Enter", shows),
];
/** A view that a command opens. Escape closes it. */
const view = (name: string, command: string, shows: RegExp): State => elsewhere(name, call(command, shows), back);
const ask = (tool: string, input: object, shows: RegExp): readonly Step[] => [
  type(`Please use ${tool}: ${JSON.stringify(input)}`),
  press("Enter", shows),
];

const firstRun: Scene = {
  runtime: "claude",
  name: "first-run",
  needsWeb: true,
  prepare: () => {},
  states: [
    elsewhere("theme-picker", [wait(/Choose the text style/)], [press("Enter", /Do you want to use this API key/)]),
    elsewhere("api-key-question", [], [press("Up"), press("Enter", /Security notes/)]),
    elsewhere("security-notes", [], [press("Enter", /Accessing workspace/)]),
    elsewhere("trust-dialog", [], []),
  ],
};

const login: Scene = {
  runtime: "claude",
  name: "login",
  needsWeb: true,
  prepare: () => {},
  env: { ANTHROPIC_API_KEY: undefined },
  states: [elsewhere("login-method", [wait(/Choose the text style/), press("Enter", /Select login method/)], [])],
};

const bypass: Scene = {
  runtime: "claude",
  name: "bypass",
  prepare: (world) => prepareClaude(world),
  args: ["--dangerously-skip-permissions"],
  env: { IS_SANDBOX: "1" },
  states: [elsewhere("bypass-disclaimer", [wait(/Bypass Permissions mode/)], [])],
};

const views: Scene = {
  runtime: "claude",
  name: "views",
  prepare: (world) => {
    prepareClaude(world);
    world.sandbox.env["EDITOR"] = world.sandbox.script("editor", "stty sane; echo This is the editor; read -r line");
  },
  begin: [wait(MANUAL)],
  states: [
    prompt("prompt-empty", []),
    elsewhere("half-line", [type("half a line", /❯.half a line/)], [clear]),
    elsewhere("slash-menu", [type("/", /add-dir/)], [press("BSpace", MANUAL)]),
    elsewhere("slash-command", [type("/compact", /❯./)], [clear]),
    elsewhere("at-menu", [type("@", /general-purpose/)], [press("BSpace", MANUAL)]),
    elsewhere("shell-mode", [type("!", /! for shell mode/)], [press("BSpace", /❯/)]),
    elsewhere("shell-mode-line", [type("!", /! for shell mode/), type("ls", /!.ls/)], [clear, press("BSpace", /❯/)]),
    elsewhere("hash-line", [type("#", /❯.#/)], [clear]),
    prompt("help-below", [type("?", /for shell mode/)], [press("Escape", MANUAL)]),
    elsewhere("history-search", [press("C-r", /search/i)], [press("Escape", MANUAL)]),
    elsewhere("transcript", [press("C-o", /transcript/i)], [press("C-o", MANUAL)]),
    view("model-menu", "model", /Select model/i),
    elsewhere("config", call("config", /Auto-compact/), twice),
    elsewhere("status", call("status", /Version/), twice),
    view("permissions", "permissions", /Allow/),
    view("theme", "theme", /Dark mode/),
    view("memory", "memory", /memory/i),
    view("plugins", "plugin", /Discover|Marketplaces/),
    view("hooks", "hooks", /Hooks/),
    view("help", "help", /General/i),
    view("export", "export", /export/i),
    view("login-again", "login", /login method/i),
    view("resume-picker", "resume", /Resume/i),
    view("rewind", "rewind", /Rewind|Nothing/i),
    view("effort", "effort", /to adjust/),
    view("add-dir", "add-dir", /Directory path/),
    prompt("exit-hint", [press("C-c", /again to exit/i)], [wait(MANUAL)]),
    elsewhere("agents-view", [press("Left", /describe a task for a new session/)], back),
    elsewhere("external-editor", [press("C-g", /This is the editor/)], [press("Enter", MANUAL), type("x", /❯.x/), clear]),
  ],
};

const TURN_DONE = /done \d[^]*manual mode on · \?/;
const busy: readonly Step[] = [type("Take your time"), press("Enter", /Step 3\./)];

const OPTIONS = ["This", "That"].map((label) => ({ label, description: `${label} one` }));
const QUESTION = { questions: [{ question: "Which one?", header: "Choice", multiSelect: false, options: OPTIONS }] };

const talk: Scene = {
  runtime: "claude",
  name: "talk",
  prepare: (world) => prepareClaude(world),
  begin: [wait(MANUAL)],
  states: [
    prompt("prompt-after-turn", [type("Hello"), press("Enter", TURN_DONE)]),
    { name: "prompt-busy", place: "busy", enter: busy, leave: [release(TURN_DONE)] },
    {
      name: "prompt-busy-queue",
      place: "busy",
      enter: [...busy, type("a second thing"), press("Enter", /Queued/)],
      leave: [release(TURN_DONE)],
    },
    elsewhere("half-line-busy", [...busy, type("half a line", /❯.half a line/)], [press("C-u"), release(TURN_DONE)]),
    elsewhere(
      "permission-question",
      [type("Please run: touch made"), press("Enter", /Do you want to proceed/)],
      [press("Escape", MANUAL)],
    ),
    elsewhere("edit-question", ask("Write", { file_path: "made", content: "x" }, /Do you want to create/), back),
    elsewhere("question", ask("AskUserQuestion", QUESTION, /Which one/), back),
    prompt("plan-mode", [press("BTab"), press("BTab", /plan mode on/)]),
    elsewhere("plan-question", ask("ExitPlanMode", { plan: "First this, then that." }, /First this/), [
      press("Escape", /plan mode on/),
    ]),
    prompt("accept-edits", [press("BTab"), press("BTab"), press("BTab", /accept edits on/)]),
  ],
};

const vim: Scene = {
  runtime: "claude",
  name: "vim",
  prepare: (world) => prepareClaude(world, { settings: { editorMode: "vim" } }),
  begin: [wait(/INSERT/)],
  states: [prompt("vim-insert", []), prompt("vim-normal", [press("Escape")])],
};

const offer: Scene = {
  runtime: "claude",
  name: "offer",
  // It comes by itself, some seconds after the prompt.
  prepare: (world) => prepareClaude(world, { config: { hasSeenAutoDefaultNudge: false } }),
  states: [elsewhere("auto-mode-offer", [wait(/Make auto mode your default/)], [])],
};

export const CLAUDE_SCENES: readonly Scene[] = [firstRun, login, bypass, views, talk, vim, offer];

export const CLAUDE_SENDS: Sends = { scene: talk, busy };
