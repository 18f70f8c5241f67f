import { type AgentRow, toAgent } from "../agent-row.ts";
import { checkAgents, classesOf } from "./agents.ts";
import { type Agent, DEFAULT_RUNTIME, type Fleet } from "../../model/agent.ts";
import { resolveFolder } from "./folders.ts";
import { findPolicyBreaks, policyOf } from "./policy.ts";
import { type Finding, hasErrors, inOrder, type Path, type Place, type Problem, toProblem } from "./problems.ts";
import { FLEET_VERSION } from "./rules.ts";
import { checkShape, fieldOf, type FleetValues } from "./schema.ts";
import type { Surroundings } from "./surroundings.ts";
import { parseYaml, type YamlTree } from "./yaml-tree.ts";

/** A fleet file's text, and where it is from. */
export interface FleetText {
  readonly text: string;
  /** What it is called in problems. */
  readonly file: string;
  /** The folder it is really in: what a relative path is relative to. */
  readonly base: string;
}

export interface CheckedFleet {
  /** There is one when no problem is an error. */
  readonly fleet?: Fleet;
  /** Every one, from the top of the file. */
  readonly problems: readonly Problem[];
}

const TOP: Place = { line: 1, column: 1 };

/** What a fleet file's text says, and everything that is wrong with it. */
export function checkFleet({ text, file, base }: FleetText, surroundings: Surroundings): CheckedFleet {
  const tree = parseYaml(text.replace(/^\uFEFF/, ""));
  if (tree === undefined) {
    const empty: Finding = {
      code: "fleet-empty",
      message: "the fleet file is empty",
      path: [],
      hint: "begin with: iapeer fleet init --profile minimal",
    };
    return { problems: [toProblem(empty, file, TOP)] };
  }
  const lineOf = (path: Path) => tree.place({ code: "fleet-syntax", message: "", path }).line;
  const shape = tree.isWhole ? checkShape(tree.value) : { findings: [] };
  const findings = [
    ...tree.findings,
    ...(tree.isWhole
      ? unsaid(tree, shape.findings, [...checkAgents(tree.value, { surroundings, base, lineOf }), ...checkPolicy(tree.value)])
      : []),
  ];
  const problems = inOrder(findings.map((finding) => toProblem(finding, file, tree.place(finding))));
  if (shape.file === undefined || hasErrors(findings)) return { problems };
  return { fleet: toFleet(shape.file, { surroundings, base }), problems };
}

/** Without what follows from an alias or a credential that was told of; a newer version's file is judged by nothing else. */
function unsaid(tree: YamlTree, shape: readonly Finding[], between: readonly Finding[]): Finding[] {
  const version = shape.find(({ code, path }) => code === "fleet-version" && path.length === 1);
  if (version !== undefined && Number(fieldOf(tree.value, "version")) > FLEET_VERSION) return [version];
  // What is missing may be in the alias that a merge key names.
  const isMerged = ({ code, path }: Finding) => code === "fleet-missing-key" && tree.isSettled([...path.slice(0, -1), "<<"]);
  return [...shape, ...between].filter((finding) => !tree.isSettled(finding.path) && !isMerged(finding));
}

/** The policy is judged where it and every agent's class can be read. */
function checkPolicy(value: unknown): Finding[] {
  const { file } = checkShape({ version: FLEET_VERSION, agents: [], policy: fieldOf(value, "policy") });
  const classes = classesOf(value);
  const agents = fieldOf(value, "agents");
  if (file === undefined || classes === undefined || (agents !== null && !Array.isArray(agents))) return [];
  return findPolicyBreaks(policyOf(file.policy), classes).map(({ message, hint }) => ({
    code: "fleet-policy",
    message,
    path: ["agents"],
    at: "key",
    hint,
  }));
}

interface Origin {
  readonly surroundings: Surroundings;
  readonly base: string;
}

function toFleet(file: FleetValues, origin: Origin): Fleet {
  const socketName = file.tmux?.socket_name;
  return {
    agents: (file.agents ?? []).map((row) => toDeclared(row, file.defaults, origin)),
    ...(socketName !== undefined && socketName !== "" && { socketName }),
    policy: policyOf(file.policy),
  };
}

function toDeclared(row: AgentRow, defaults: FleetValues["defaults"], { surroundings, base }: Origin): Agent {
  const { name, host } = row;
  const isRemote = host !== undefined;
  const text = row.working_directory ?? (isRemote ? undefined : defaults?.working_directory);
  const folder = text === undefined || isRemote ? text : resolveFolder({ text, name, home: surroundings.home, base });
  return toAgent({ ...row, runtime: row.runtime ?? defaults?.runtime ?? DEFAULT_RUNTIME, working_directory: folder });
}
