import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Env, homeFrom, type Layout, resolveLinks, resolvePath } from "../../core/layout.ts";
import { openFolderCheck } from "../../core/peer-folder.ts";
import { readVariable } from "../../core/variables.ts";
import { fieldOf } from "../../core/text/fields.ts";
import { IapeerError } from "../../model/errors.ts";
import { refuseForeignSyntax } from "../../model/path-words.ts";
import { isThisHost } from "../../core/host.ts";
import { isBuiltIn } from "../../model/runtimes.ts";
import type { AgentRow } from "../agent-row.ts";
import { toFleet } from "./declared.ts";
import { findAll } from "./findings.ts";
import { openFleetFile, unreadable } from "./open.ts";
import { policyOf, wantedOf } from "./policy.ts";
import { type Finding, hasErrors, inOrder, toProblem } from "./problems.ts";
import { FLEET_VERSION } from "./rules.ts";
import { checkShape } from "./schema.ts";
import { holdsSecret } from "./secrets.ts";
import type { CheckedFleet, FleetReading, FleetText, Problem, Surroundings } from "./types.ts";
import { parseYaml, type YamlTree } from "./yaml-tree.ts";

const TOP = { line: 1, column: 1 };

/** The path of the fleet file: `--file`, else `$IAPEER_FLEET`, else `<root>/fleet.yaml`. Throws IapeerError `invalid-value`. */
export function fleetPath(layout: Layout, env: Env, named?: string): string {
  if (named !== undefined) refuseForeignSyntax(named);
  return resolvePath(named ?? readVariable(env, "IAPEER_FLEET") ?? join(layout.root, "fleet.yaml"), env);
}

/** The surroundings of this host, with this root. */
export function surroundingsOf(layout: Layout, env: Env): Surroundings {
  return {
    home: homeFrom(env),
    isThisHost,
    defaultFolder: (name) => join(layout.peersFolder, name),
    whyNoPeerFolder: openFolderCheck(layout),
    hasRuntime: (runtime) =>
      isBuiltIn(runtime) ||
      existsSync(join(layout.runtimesFolder, runtime, "runtime.json")) ||
      Bun.which(`${runtime}-runtime`, { PATH: env["PATH"] ?? "" }) !== null,
    resolveLinks: (path) => {
      try {
        return resolveLinks(path);
      } catch {
        // A folder that may not be looked into: told when an agent is started there, and compared by its name here.
        return path;
      }
    },
  };
}

/**
 * Reads a fleet file; a link to it is followed. The file decides what runs in your name: it must belong to you, and nobody else may write it.
 * It never throws: every problem is in the result, with its place.
 */
export function readFleet(path: string, surroundings: Surroundings): FleetReading {
  const { real, content, findings, isMissing } = openFleetFile(path);
  if (isMissing) return { problems: [], isMissing };
  const before = findings.map((finding) => problemOf(path, finding));
  if (real === undefined || content === undefined) return { problems: before };
  const text = decode(content);
  if (text === undefined) return { problems: [...before, problemOf(path, unreadable("is not UTF-8"))] };
  const { fleet, problems } = checkFleet({ text, file: path, base: dirname(real) }, surroundings);
  const all = inOrder([...before, ...problems]);
  return { problems: all, text, ...(fleet !== undefined && !hasErrors(all) && { fleet }) };
}

/** The text of a fleet file; undefined where it cannot be read. */
export function readFleetText(path: string): string | undefined {
  const { content } = openFleetFile(path);
  return content && decode(content);
}

function problemOf(path: string, finding: Finding): Problem {
  return toProblem(finding, path, TOP);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Reads a fleet file's text: the fleet, unless there is an error, and every problem. */
export function checkFleet({ text, file, base }: FleetText, surroundings: Surroundings): CheckedFleet {
  const tree = parseYaml(text.replace(/^\uFEFF/, ""));
  if (tree === undefined) return { problems: [toProblem(EMPTY, file, TOP)] };
  const found = findAll(tree, { surroundings, base });
  const problems = inOrder(found.findings.map((finding) => toProblem(finding, file, tree.place(finding))));
  if (found.file === undefined || hasErrors(found.findings)) return { problems };
  return { fleet: toFleet(found.file, { surroundings, base }), problems };
}

const EMPTY: Finding = {
  code: "fleet-empty",
  message: "the fleet file is empty",
  path: [],
  hint: "begin with: iapeer fleet init --profile minimal",
};

/**
 * The text of a fleet file as a tree that can be edited. It may have other errors than those of YAML.
 *
 * @throws IapeerError `fleet-invalid`.
 */
export function parseFleet(text: string): YamlTree {
  const tree = parseYaml(text);
  if (tree?.isWhole && !tree.findings.some(({ code }) => code === "fleet-alias" || code === "fleet-duplicate-key")) return tree;
  throw new IapeerError("fleet-invalid", "the fleet file cannot be read", { hint: "see: iapeer fleet check" });
}

/** Throws IapeerError `invalid-value` for an agent that no fleet file may have. */
export function refuseWrongAgent(row: AgentRow): void {
  const [wrong] = checkShape({ version: FLEET_VERSION, agents: [row] }).findings;
  if (wrong !== undefined) throw refusal(wrong);
  if (Object.values(row).some((value) => typeof value === "string" && holdsSecret(value)))
    throw refusal({
      message: "this looks like a credential: secrets never go into the fleet file",
      hint: "put it into the agent's launch.env",
    });
}

function refusal({ message, hint }: Pick<Finding, "message" | "hint">): IapeerError {
  return new IapeerError("invalid-value", message, hint === undefined ? {} : { hint });
}

/**
 * How many agents of a class the policy of a parsed fleet file wants.
 *
 * @throws IapeerError `fleet-invalid` for a policy that cannot be read.
 */
export function wantedBy(value: unknown, agentClass: string): number {
  const { file } = checkShape({ version: FLEET_VERSION, agents: [], policy: fieldOf(value, "policy") });
  if (file === undefined)
    throw new IapeerError("fleet-invalid", "the policy cannot be read", { hint: "see: iapeer fleet check" });
  return wantedOf(policyOf(file.policy), agentClass);
}
