import { fieldOf } from "../../core/text/fields.ts";
import { type AgentsCheck, checkAgents, classesOf } from "./agents.ts";
import { findPolicyBreaks, policyOf } from "./policy.ts";
import type { Finding } from "./problems.ts";
import { FLEET_VERSION } from "./rules.ts";
import { checkShape, type FleetValues } from "./schema.ts";
import type { YamlTree } from "./yaml-tree.ts";

/** Finds every problem of a parsed fleet file, in no order; and its values, if each of them is right. */
export function findAll(
  tree: YamlTree,
  check: Omit<AgentsCheck, "lineOf">,
): { readonly file?: FleetValues; readonly findings: readonly Finding[] } {
  if (!tree.isWhole) return { findings: tree.findings };
  const { value } = tree;
  const lineOf: AgentsCheck["lineOf"] = (path) => tree.place({ code: "fleet-syntax", message: "", path }).line;
  const { file, findings } = checkShape(value);
  const between = [...checkAgents(value, { ...check, lineOf }), ...checkPolicy(value)];
  return { findings: [...tree.findings, ...unsaid(tree, findings, between)], ...(file !== undefined && { file }) };
}

/** Drops findings that only follow from an alias or a credential. A file of a newer version has no other finding. */
function unsaid(tree: YamlTree, shape: readonly Finding[], between: readonly Finding[]): Finding[] {
  const version = shape.find(({ code, path }) => code === "fleet-version" && path.length === 1);
  if (version !== undefined && Number(fieldOf(tree.value, "version")) > FLEET_VERSION) return [version];
  // The missing key may be in the alias that a merge key names.
  const isMerged = ({ code, path }: Finding) => code === "fleet-missing-key" && tree.isSettled([...path.slice(0, -1), "<<"]);
  return [...shape, ...between].filter((finding) => !tree.isSettled(finding.path) && !isMerged(finding));
}

/** Judges the policy, where it and the class of every agent can be read. */
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
