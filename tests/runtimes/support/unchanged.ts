import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Look } from "./agent-pane.ts";
import type { World } from "./world.ts";

/** Everything that a keystroke could have changed. Two of them are compared. */
export interface Traces {
  readonly screen: readonly string[];
  readonly cursor: string;
  /** The requests of the agent's work that reached the model. */
  readonly requests: number;
  /** The requests for a sign-in. */
  readonly signIns: number;
  /** The files that hold what a person decided, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** The pause between two looks that tell which rows move by themselves. */
const STILL_MS = 600;
/** A view that is still being drawn moves everywhere. It gets this many pauses to settle. */
const PAUSES = 5;
const MOVES = "(moves by itself)";

/** Reads the traces. A row that moves by itself, as an animation does, is left out. */
export async function readTraces(world: World): Promise<Traces> {
  let last = await world.look();
  for (let pauses = 1; ; pauses += 1) {
    await Bun.sleep(STILL_MS);
    const next = await world.look();
    if (pauses === PAUSES || isStill(last, next)) return tracesOf(world, last, next);
    last = next;
  }
}

function isStill(one: Look, other: Look): boolean {
  return one.lines.every((line, row) => isMoving(line) || line === other.lines[row]);
}

/** The traces now, with the same rows left out as before. */
export async function readTracesAgain(world: World, before: Traces): Promise<Traces> {
  const now = tracesOf(world, await world.look());
  return {
    ...now,
    screen: now.screen.map((line, row) => (before.screen[row] === MOVES ? MOVES : line)),
    cursor: before.cursor === MOVES ? MOVES : now.cursor,
  };
}

function tracesOf(world: World, first: Look, second: Look = first): Traces {
  const [was, is] = [first, second].map(({ cursor }) => JSON.stringify(cursor));
  return {
    screen: second.lines.map((line, row) => (isMoving(line) || line !== first.lines[row] ? MOVES : withoutNote(line))),
    cursor: was === is ? is! : MOVES,
    requests: world.api.requests,
    signIns: world.web.asked.filter((url) => url.includes("oauth")).length,
    files: readDecisions(world),
  };
}

/** The braille of codex' animation, and clocks of what runs. */
function isMoving(line: string): boolean {
  return /[\u2800-\u28ff]|\(\d+s\b/.test(line);
}

/** A line without the note at its right edge. Such notes come and go by themselves. */
function withoutNote(line: string): string {
  return line.replace(/ {20,}\S.*$/, "");
}

/** The files in which claude and codex keep what a person decided, and the names of all files in bob's folder. */
function readDecisions({ sandbox, folder }: World): Record<string, string> {
  const paths = [".claude/CLAUDE.md", ".codex/config.toml", ".codex/auth.json"];
  const texts = paths.map((path) => [path, readText(join(sandbox.home, path))] as const);
  const names = readdirSync(folder, { recursive: true }).map(String).toSorted().join("\n");
  return {
    ...Object.fromEntries(texts),
    ".claude.json": readClaudeDecisions(join(sandbox.home, ".claude.json")),
    ".claude/settings.json": readSettings(join(sandbox.home, ".claude", "settings.json")),
    folder: names,
  };
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "(none)";
}

/** The settings, however claude lays them out. */
function readSettings(path: string): string {
  const text = readText(path);
  const settings = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
  return JSON.stringify(Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The answers in claude's own file. The rest of it are counters, which claude writes as it likes. */
function readClaudeDecisions(path: string): string {
  if (!existsSync(path)) return "(none)";
  const file = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const projects = Object.entries((file["projects"] ?? {}) as Record<string, Record<string, unknown>>);
  return JSON.stringify({
    theme: file["theme"],
    key: file["customApiKeyResponses"],
    onboarded: file["hasCompletedOnboarding"],
    bypass: file["bypassPermissionsModeAccepted"],
    account: file["oauthAccount"],
    trusted: projects.map(([folder, project]) => [folder, project["hasTrustDialogAccepted"], project["allowedTools"]]),
  });
}
