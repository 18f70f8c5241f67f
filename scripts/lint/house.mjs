// @ts-check
// The house of STYLE: which file of src may import which. A plugin for oxlint, so that an editor shows it where it is typed.
import { basename, dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

/** From the bottom. A floor knows nothing of the floors above it, and rooms of one floor do not import each other. */
const FLOORS = [["model"], ["core"], ["registry", "status", "boot"], ["provision", "launch", "fleet"], ["app"], ["cli"]];

/** Rooms without an inside to protect, so every file of them may be imported: shelves of tools, and the face, which nobody is above. */
const OPEN = new Set(["model", "core", "cli"]);

/**
 * Rooms that hold rooms, the lower before the higher: one may import those before it. A file that stands beside them is a room of one file.
 * Where no order is written (`[]`) a test still holds that no rooms import each other, not even by way of others.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const ORDER = {
  core: [
    "libc",
    "descriptors",
    "text",
    "process",
    "variables",
    "layout",
    "socket-path",
    "peer-folder",
    "disk",
    "service",
    "tmux",
    "host",
  ],
  status: ["slot", "incarnation", "state-places", "beat", "session-tail", "elsewhere", "liveness", "deaths"],
  launch: [
    "heartbeat",
    "token",
    "runtime",
    "stamp",
    "claim",
    "pen",
    "recorder",
    "session",
    "damaged",
    "identify",
    "refusals",
    "unwitnessed",
    "tidy-logs",
    "canary",
    "tick",
    "hook",
    "view",
    "screen",
    "end",
    "start",
    "ssh",
    "sender",
    "send",
    "sleep",
  ],
  provision: ["form", "command", "memory-state", "native-memory", "plugin", "provision"],
  fleet: ["agent-row", "applied", "onboarding", "file", "init", "edit", "plan", "ps"],
  app: [],
  "app/fleet": [],
};

/**
 * Why a file may not import another; undefined when it may. Both are paths below src.
 *
 * @param {string} from
 * @param {string} to
 * @returns {string | undefined}
 */
export function whyNotImport(from, to) {
  const [room, target] = [from, to].map((path) => path.split("/")[0] ?? "");
  if (room === undefined || target === undefined) return undefined;
  if (room !== target) return whyNotFloor(room, target) ?? whyNotDoor(from, to);
  return whyNotOrder(room, from, to) ?? whyNotDoor(from, to);
}

/**
 * @param {string} room
 * @param {string} target
 */
function whyNotFloor(room, target) {
  const [own, other] = [room, target].map((name) => FLOORS.findIndex((floor) => floor.includes(name)));
  if (own === -1 || other === -1) return `src/${own === -1 ? room : target} has no place in FLOORS of scripts/lint/house.mjs`;
  if (own === other)
    return `src/${room} and src/${target} are neighbours: what they share stands below them, and src/app composes them`;
  return /** @type {number} */ (other) > /** @type {number} */ (own) ? `src/${target} is above src/${room}` : undefined;
}

/**
 * @param {string} room
 * @param {string} from
 * @param {string} to
 */
function whyNotOrder(room, from, to) {
  const order = ORDER[room];
  if (order === undefined || order.length === 0) return undefined;
  const [own, other] = [from, to].map((path) => nameIn(path));
  if (own === other) return undefined;
  const missing = [own, other].find((name) => name !== undefined && !isOwnFile(room, name) && !order.includes(name));
  if (missing !== undefined) return `src/${room}/${missing} has no place in ORDER of scripts/lint/house.mjs`;
  return order.indexOf(other ?? "") > order.indexOf(own ?? "") ? `in src/${room}, ${other} comes after ${own}` : undefined;
}

/**
 * The room's own door and types, which stand beside its rooms.
 *
 * @param {string} room
 * @param {string} name
 */
function isOwnFile(room, name) {
  return name === room || name === "types";
}

/** The room, or the room of one file, below the first folder. @param {string} path */
function nameIn(path) {
  return path.split("/")[1]?.replace(/\.[a-z]+$/, "");
}

/**
 * A folder is entered by the file of its name, or by its types.
 *
 * @param {string} from
 * @param {string} to
 */
function whyNotDoor(from, to) {
  const folder = dirname(to);
  if (OPEN.has(to.split("/")[0] ?? "") || `${dirname(from)}/`.startsWith(`${folder}/`) || folder in ORDER) return undefined;
  const file = basename(to);
  const door = `${basename(folder)}.ts`;
  return file === door || file === "types.ts" ? undefined : `src/${folder} is entered by ${door} or types.ts, not by ${file}`;
}

/**
 * The part of oxlint's plugin interface that this rule needs.
 *
 * @typedef {{ readonly value?: unknown }} Source
 * @typedef {{ readonly filename: string, report(problem: { readonly node: Source, readonly message: string }): void }} Context
 */

/** @param {Context} context */
function create(context) {
  const from = relative(SRC, context.filename);
  if (from.startsWith("..")) return {};
  /** @param {{ readonly source?: Source | null }} node */
  const check = ({ source }) => {
    if (typeof source?.value !== "string" || !source.value.startsWith(".")) return;
    const to = relative(SRC, resolve(dirname(context.filename), source.value));
    const why = to.startsWith("..") ? "src does not need its tests, its scripts or its pages" : whyNotImport(from, to);
    if (why !== undefined) context.report({ node: source, message: why });
  };
  return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
}

// oxlint takes a plugin as the default export.
// oxlint-disable-next-line import/no-default-export
export default { meta: { name: "house" }, rules: { imports: { create } } };
