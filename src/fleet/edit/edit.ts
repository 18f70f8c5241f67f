import { realpathSync, statSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { fieldOf } from "../../core/text/fields.ts";
import { applySplices } from "../../core/text/splice.ts";
import type { NewAgent } from "../../model/agent.ts";
import { ioError, IapeerError } from "../../model/errors.ts";
import { nearest } from "../../model/names.ts";
import { toRow } from "../agent-row.ts";
import { checkFleet, parseFleet, readFleetText, refuseWrongAgent, wantedBy } from "../file/file.ts";
import type { Surroundings } from "../file/types.ts";
import { findAgents, planAdd, planRemoval } from "./agent-list.ts";

type FleetTree = ReturnType<typeof parseFleet>;

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Adds an agent to a fleet file's text: at the end of its agents, written as the last of them is. No other byte changes.
 *
 * @throws IapeerError `agent-exists`; `invalid-value` for an agent that the check refuses; `fleet-invalid` for a text
 * that is not YAML or has its agents where no agent can be put.
 */
export function addAgent(text: string, agent: NewAgent): string {
  return withoutMark(text, (own) => {
    refuseWrongAgent(toRow(agent));
    const tree = parseFleet(own);
    const names = namesOf(tree);
    if (names.includes(agent.name))
      throw new IapeerError("agent-exists", `the fleet file has an agent called ${agent.name}`, {
        hint: "choose another name; or, if it is there and not applied yet: iapeer fleet apply",
        details: { name: agent.name },
      });
    const result = applySplices(own, planAdd(own, findAgents(own, tree.document.contents), agent));
    refuseClash(result, names.length);
    return proven(result, [...agentsOf(tree), agentsOf(parseFleet(result)).at(-1)], tree);
  });
}

/**
 * Removes an agent from a fleet file's text, with the comments between and behind its lines. No other byte changes.
 *
 * @throws IapeerError `agent-not-found`; `fleet-policy` where the fleet would lack what its policy wants; `fleet-invalid`.
 */
export function removeAgent(text: string, name: string): string {
  return withoutMark(text, (own) => {
    const tree = parseFleet(own);
    const names = namesOf(tree);
    const index = names.indexOf(name);
    if (index === -1) throw notFound(name, names);
    refuseLast(tree.value, index, name);
    const splices = planRemoval(own, findAgents(own, tree.document.contents), index);
    return proven(applySplices(own, splices), agentsOf(tree).toSpliced(index, 1), tree);
  });
}

function withoutMark(text: string, edit: (own: string) => string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK + edit(text.slice(1)) : edit(text);
}

function agentsOf(tree: FleetTree): readonly unknown[] {
  const agents = fieldOf(tree.value, "agents");
  return Array.isArray(agents) ? agents : [];
}

function namesOf(tree: FleetTree): string[] {
  return agentsOf(tree).map((one) => String(fieldOf(one, "name")));
}

function notFound(name: string, names: readonly string[]): IapeerError {
  const near = nearest(name, names);
  const hint = near === undefined ? `it has: ${names.join(", ") || "none"}` : `did you mean ${near}?`;
  return new IapeerError("agent-not-found", `the fleet file has no agent called ${name}`, { hint, details: { name } });
}

function refuseLast(value: unknown, index: number, name: string): void {
  const classes = (fieldOf(value, "agents") as unknown[]).map((one) => String(fieldOf(one, "class")));
  const own = classes[index]!;
  const left = classes.filter((one) => one === own).length - 1;
  const wanted = wantedBy(value, own);
  if (left >= wanted) return;
  throw new IapeerError(
    "fleet-policy",
    `${name} stays: the policy wants ${wanted} of the class ${own}, and ${left} would be left`,
    {
      hint: `add another agent with class: ${own} first, or change the policy`,
      details: { name, class: own },
    },
  );
}

/** Surroundings of no host: here only the text is checked. The edited file is checked on this host later. */
const ANYWHERE: Surroundings = {
  home: "/~",
  isThisHost: () => false,
  defaultFolder: (name) => `/default/${name}`,
  whyNoPeerFolder: () => undefined,
  hasRuntime: () => true,
  resolveLinks: (path) => path,
};

function refuseClash(text: string, index: number): void {
  const own = `agents.${index}`;
  const { problems } = checkFleet({ text, file: "", base: "/base" }, ANYWHERE);
  const wrong = problems.find(({ path, severity }) => severity === "error" && (path === own || path.startsWith(`${own}.`)));
  if (wrong === undefined) return;
  throw new IapeerError("invalid-value", wrong.message, wrong.hint === undefined ? {} : { hint: wrong.hint });
}

/** Returns the edited text, after a proof that only its agents differ, and as they should. Throws `bug`. */
function proven(text: string, agents: readonly unknown[], before: FleetTree): string {
  const after = valueOf(text);
  const said = (value: unknown, list: readonly unknown[]) => JSON.stringify({ ...(value as object), agents: list });
  const list = fieldOf(after, "agents");
  if (said(after, Array.isArray(list) ? list : []) === said(before.value, agents)) return text;
  throw new IapeerError("bug", "an edit of the fleet file would have changed more than one agent; nothing was changed");
}

/** The values of a text; undefined where an edit broke it. */
function valueOf(text: string): unknown {
  try {
    return parseFleet(text).value;
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

export interface Replacement {
  /** The text that was read and edited. */
  readonly before: string;
  readonly after: string;
}

/**
 * Replaces the text of a fleet file, whole or not at all. The file keeps its mode, and a link stays a link.
 *
 * @throws IapeerError `fleet-changed` when somebody has written it meanwhile; `write-failed`.
 */
export function replaceFleetFile(path: string, { before, after }: Replacement): void {
  if (readFleetText(path) !== before) {
    throw new IapeerError("fleet-changed", `${path} was changed by somebody else meanwhile; nothing was written`, {
      hint: "look at it, then run this again",
      details: { path },
    });
  }
  if (after === before) return;
  const real = realPath(path);
  writeAtomically(real.path, after, { mode: real.mode });
}

function realPath(path: string): { readonly path: string; readonly mode: number } {
  try {
    const real = realpathSync(path);
    return { path: real, mode: statSync(real).mode & 0o777 };
  } catch (error) {
    throw ioError("write-failed", "cannot write", path, error);
  }
}
