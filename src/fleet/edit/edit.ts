import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLSeq } from "yaml";
import { IapeerError } from "../../model/errors.ts";
import type { NewAgent } from "../../model/agent.ts";
import { nearest } from "../../model/names.ts";
import { toRow } from "../agent-row.ts";
import { appendToBlock, beginBlock, type BlockItem, removeFromBlock } from "./block-edit.ts";
import { checkFleet } from "../file/check.ts";
import { appendToFlow, removeFromFlow, type Span } from "./flow-edit.ts";
import { policyOf, wantedOf } from "../file/policy.ts";
import { renderAgent } from "./render-agent.ts";
import { FLEET_VERSION } from "../file/rules.ts";
import { checkShape, fieldOf } from "../file/schema.ts";
import { holdsSecret } from "../file/secrets.ts";
import { applySplices, indentBefore, type Splice } from "../../core/text/splice.ts";
import type { Surroundings } from "../file/surroundings.ts";
import { parseYaml, type YamlTree } from "../file/yaml-tree.ts";

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * A fleet file's text with one agent more, at the end of its agents and written as the last of them is. Every other
 * byte is as it was.
 *
 * @throws IapeerError `agent-exists`; `invalid-value` for an agent that the check refuses; `fleet-invalid` for a text
 * that is not YAML or has its agents where no agent can be put.
 */
export function addAgent(text: string, agent: NewAgent): string {
  return withoutMark(text, (own) => {
    refuseWrongAgent(agent);
    const tree = parse(own);
    const names = namesOf(tree);
    if (names.includes(agent.name))
      throw new IapeerError("agent-exists", `the fleet file has an agent called ${agent.name}`, {
        hint: "choose another name; or, if it is there and not applied yet: iapeer fleet apply",
        details: { name: agent.name },
      });
    const result = applySplices(own, planAdd(own, findAgents(own, tree), agent));
    refuseClash(result, names.length);
    return proven(result, [...agentsOf(tree), agentsOf(parse(result)).at(-1)], tree);
  });
}

/**
 * A fleet file's text without an agent. The comments in it, and at the ends of its lines, go with it; every other byte stays.
 *
 * @throws IapeerError `agent-not-found`; `fleet-policy` where the fleet would lack what its policy wants; `fleet-invalid`.
 */
export function removeAgent(text: string, name: string): string {
  return withoutMark(text, (own) => {
    const tree = parse(own);
    const names = namesOf(tree);
    const index = names.indexOf(name);
    if (index === -1) throw notFound(name, names);
    refuseLast(tree.value, index, name);
    const list = findAgents(own, tree);
    const splices =
      list.kind === "flow" ? removeFromFlow(own, list.items, index) : removeFromBlock(own, (list as BlockList).items[index]!);
    return proven(applySplices(own, splices), agentsOf(tree).toSpliced(index, 1), tree);
  });
}

function withoutMark(text: string, edit: (own: string) => string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK + edit(text.slice(1)) : edit(text);
}

function parse(text: string): YamlTree {
  const tree = parseYaml(text);
  if (tree?.isWhole && !tree.findings.some(({ code }) => code === "fleet-alias" || code === "fleet-duplicate-key")) return tree;
  throw invalid("the fleet file cannot be read", "see: iapeer fleet check");
}

function invalid(message: string, hint: string): IapeerError {
  return new IapeerError("fleet-invalid", message, { hint });
}

function agentsOf(tree: YamlTree): readonly unknown[] {
  const agents = fieldOf(tree.value, "agents");
  return Array.isArray(agents) ? agents : [];
}

function namesOf(tree: YamlTree): string[] {
  return agentsOf(tree).map((one) => String(fieldOf(one, "name")));
}

function notFound(name: string, names: readonly string[]): IapeerError {
  const near = nearest(name, names);
  const hint = near === undefined ? `it has: ${names.join(", ") || "none"}` : `did you mean ${near}?`;
  return new IapeerError("agent-not-found", `the fleet file has no agent called ${name}`, { hint, details: { name } });
}

function refuseLast(value: unknown, index: number, name: string): void {
  const { file } = checkShape({ version: FLEET_VERSION, agents: [], policy: fieldOf(value, "policy") });
  if (file === undefined) throw invalid("the policy cannot be read", "see: iapeer fleet check");
  const classes = (fieldOf(value, "agents") as unknown[]).map((one) => String(fieldOf(one, "class")));
  const own = classes[index]!;
  const left = classes.filter((one) => one === own).length - 1;
  const wanted = wantedOf(policyOf(file.policy), own);
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

interface BlockList {
  readonly kind: "block";
  readonly items: readonly BlockItem[];
  readonly nodes: readonly Node[];
}

interface FlowList extends Span {
  readonly kind: "flow";
  readonly items: readonly Span[];
  readonly nodes: readonly Node[];
}

/** `agents:` with nothing behind it. */
interface NoList {
  readonly kind: "nothing";
  readonly start: number;
  readonly end: number;
}

function findAgents(text: string, { document }: YamlTree): BlockList | FlowList | NoList {
  const root = document.contents;
  const pair = isMap(root)
    ? (root.items as unknown as Pair<Node, Node | null>[]).find(({ key }) => isScalar(key) && key.value === "agents")
    : undefined;
  const list = pair?.value;
  if (isSeq(list)) return isFlow(list) ? toFlow(list) : toBlock(text, list);
  if (pair === undefined || isFlow(root) || !(list === null || (isScalar(list) && list.value === null && list.source === ""))) {
    throw invalid("the fleet file has no list of agents", "write: agents: []");
  }
  const [start, end] = pair.key.range!;
  return { kind: "nothing", start, end };
}

function isFlow(node: unknown): boolean {
  return (node as { flow?: boolean } | null)?.flow === true;
}

function toFlow(list: YAMLSeq): FlowList {
  const nodes = list.items as Node[];
  const [from, to] = list.range!;
  return { kind: "flow", from, to, nodes, items: nodes.map(({ range }) => ({ from: range![0], to: range![1] })) };
}

interface BlockToken {
  readonly items: readonly { readonly start: readonly { readonly type: string; readonly offset: number }[] }[];
}

function toBlock(text: string, list: YAMLSeq): BlockList {
  const tokens = (list.srcToken as unknown as BlockToken).items;
  const nodes = list.items as Node[];
  const items = nodes.map((node, index) => {
    const dash = tokens[index]!.start.find(({ type }) => type === "seq-item-ind")!.offset;
    if (indentBefore(text, dash) === undefined)
      throw invalid(
        "the agents are written in a way that is not edited here",
        "edit the file by hand, with each agent on lines of its own",
      );
    return { dash, end: node.range![1] };
  });
  return { kind: "block", items, nodes };
}

function planAdd(text: string, list: ReturnType<typeof findAgents>, agent: NewAgent): Splice[] {
  if (list.kind === "nothing")
    return beginBlock(text, list, renderAgent(agent, { isFlow: false, isQuoted: false, isPadded: true }));
  const last = list.nodes.at(-1);
  const [from, to] = last?.range ?? [0, 0];
  const written = text.slice(from, to);
  const style = {
    isFlow: list.kind === "flow" || isFlow(last),
    isQuoted: /^\{\s*"/.test(written),
    isPadded: !/^\{\S/.test(written),
  };
  const lines = renderAgent(agent, last === undefined ? { ...style, isQuoted: /^\s*\{/.test(text), isPadded: true } : style);
  return list.kind === "flow"
    ? appendToFlow(text, list, list.items, lines.join(""))
    : appendToBlock(text, list.items.at(-1)!, lines);
}

/** What no host and no folder has a part in; the rest is for the check of the file that comes out. */
const ANYWHERE: Surroundings = {
  home: "/~",
  defaultFolder: (name) => `/default/${name}`,
  hasRuntime: () => true,
  resolveLinks: (path) => path,
};

function refuseWrongAgent(agent: NewAgent): void {
  const row = toRow(agent);
  const [wrong] = checkShape({ version: FLEET_VERSION, agents: [row] }).findings;
  if (wrong !== undefined) throw refusal(wrong);
  if (Object.values(row).some((value) => typeof value === "string" && holdsSecret(value))) {
    throw new IapeerError("invalid-value", "this looks like a credential: secrets never go into the fleet file", {
      hint: "put it into the agent's launch.env",
    });
  }
}

function refuseClash(text: string, index: number): void {
  const own = `agents.${index}`;
  const { problems } = checkFleet({ text, file: "", base: "/base" }, ANYWHERE);
  const wrong = problems.find(({ path, severity }) => severity === "error" && (path === own || path.startsWith(`${own}.`)));
  if (wrong !== undefined) throw refusal(wrong);
}

function refusal({ message, hint }: { readonly message: string; readonly hint?: string | undefined }): IapeerError {
  return new IapeerError("invalid-value", message, hint === undefined ? {} : { hint });
}

/** The edited text, once it is certain that it says what it said, and of agents just what it should. */
function proven(text: string, agents: readonly unknown[], before: YamlTree): string {
  const after = parseYaml(text)?.value;
  const said = (value: unknown, list: readonly unknown[]) => JSON.stringify({ ...(value as object), agents: list });
  const list = fieldOf(after, "agents");
  if (said(after, Array.isArray(list) ? list : []) === said(before.value, agents)) return text;
  throw new IapeerError("bug", "an edit of the fleet file would have changed more than one agent; nothing was changed");
}
