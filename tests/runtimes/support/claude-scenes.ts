import { join } from "node:path";
import { press, type Scene, type State, type Step, type } from "./scene.ts";
import { API_KEY, type World } from "./world.ts";

interface Settings {
  /** Bob's folder is one that claude was told to trust. */
  readonly isTrusted?: boolean;
  readonly settings?: object;
  readonly config?: object;
}

/** Writes the files of a claude that a person has used before. */
export function prepareClaude({ sandbox, folder }: World, { isTrusted = true, settings = {}, config = {} }: Settings = {}): void {
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
  sandbox.write(join("home", ".claude", "settings.json"), JSON.stringify({ theme: "dark", permissions: { defaultMode: "default" }, ...settings }));
}

const MANUAL = /manual mode on/;
const clear = press("C-u");
const back: readonly Step[] = [press("Escape", MANUAL)];

const twice: readonly Step[] = [press("Escape"), press("Escape", MANUAL)];

const elsewhere = (name: string, enter: readonly Step[], leave: readonly Step[] = back): State => ({ name, place: "elsewhere", enter, leave });
const prompt = (name: string, enter: readonly Step[], leave: readonly Step[] = []): State => ({ name, place: "prompt", enter, leave });
const command = (name: string, shows: RegExp): readonly Step[] => [type(`/${name}`, new RegExp(`❯.*/${name}`)), press("Enter", shows)];

const firstRun: Scene = {
  runtime: "claude",
  name: "first-run",
  prepare: () => {},
  states: [
    elsewhere("theme-picker", [press("", /Choose the text style/)], [press("Enter", /Do you want to use this API key/)]),
    elsewhere("api-key-question", [], [press("Up"), press("Enter", /Security notes/)]),
    elsewhere("security-notes", [], [press("Enter", /Accessing workspace/)]),
    elsewhere("trust-dialog", [], []),
  ],
};

const firstRunWithoutKey: Scene = {
  runtime: "claude",
  name: "login",
  prepare: () => {},
  env: { ANTHROPIC_API_KEY: undefined },
  states: [elsewhere("login-method", [press("", /Choose the text style/), press("Enter", /Select login method/)], [])],
};

const bypass: Scene = {
  runtime: "claude",
  name: "bypass",
  prepare: (world) => prepareClaude(world),
  args: ["--dangerously-skip-permissions"],
  env: { IS_SANDBOX: "1" },
  states: [elsewhere("bypass-disclaimer", [press("", /Bypass Permissions mode/)], [])],
};

const views: Scene = {
  runtime: "claude",
  name: "views",
  prepare: (world) => prepareClaude(world),
  states: [
    prompt("prompt-empty", [press("", MANUAL)]),
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
    elsewhere("model-menu", command("model", /Select model/i)),
    elsewhere("config", command("config", /Auto-compact/), twice),
    elsewhere("status", command("status", /Version/), twice),
    elsewhere("permissions", command("permissions", /Allow/)),
    elsewhere("theme", command("theme", /Dark mode/)),
    elsewhere("memory", command("memory", /memory/i)),
    elsewhere("agents", command("agents", /agent/i)),
    elsewhere("mcp", command("mcp", /MCP/)),
    elsewhere("plugins", command("plugin", /Discover|Marketplaces/)),
    elsewhere("hooks", command("hooks", /Hooks/)),
    elsewhere("help", command("help", /General/i)),
    elsewhere("export", command("export", /export/i)),
    elsewhere("login-again", command("login", /login method/i)),
    elsewhere("resume-picker", command("resume", /Resume/i)),
    elsewhere("rewind", command("rewind", /Rewind|Nothing/i)),
    prompt("exit-hint", [press("C-c", /again to exit/i)]),
  ],
};

const talk: Scene = {
  runtime: "claude",
  name: "talk",
  prepare: (world) => prepareClaude(world),
  states: [
    prompt("prompt-after-turn", [press("", MANUAL), type("Hello"), press("Enter", /All right[^]*for shortcuts/)]),
    prompt("prompt-busy", [type("Take your time"), press("Enter", /Working on step 3/)]),
    prompt("prompt-busy-queue", [type("a second thing"), press("Enter", /a second thing/)], [press("Escape"), press("Escape", /Interrupted/)]),
    elsewhere("permission-question", [clear, type("Please run: touch made"), press("Enter", /Do you want to proceed/)], [press("Escape", MANUAL)]),
    prompt("plan-mode", [press("BTab"), press("BTab", /plan mode on/)], []),
  ],
};

const vim: Scene = {
  runtime: "claude",
  name: "vim",
  prepare: (world) => prepareClaude(world, { settings: { editorMode: "vim" } , config: { editorMode: "vim" } }),
  states: [
    prompt("vim-insert", [press("", /INSERT/)]),
    elsewhere("vim-normal", [press("Escape"), press("")], []),
  ],
};

export const CLAUDE_SCENES: readonly Scene[] = [firstRun, firstRunWithoutKey, bypass, views, talk, vim];
