import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLSeq } from "yaml";
import { indentBefore, insertion, type Splice } from "../../core/text/splice.ts";
import type { NewAgent } from "../../model/agent.ts";
import { IapeerError } from "../../model/errors.ts";
import { appendToBlock, beginBlock, type BlockItem, removeFromBlock } from "./block-edit.ts";
import { appendToFlow, removeFromFlow, type Span } from "./flow-edit.ts";
import { renderAgent } from "./render-agent.ts";

interface BlockList {
  readonly kind: "block";
  /** Behind the colon of `agents:`. */
  readonly head: number;
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

export type AgentList = BlockList | FlowList | NoList;

/** Where a fleet file has its agents. Throws IapeerError `fleet-invalid` where they cannot be edited. */
export function findAgents(text: string, root: Node | null): AgentList {
  const pair = isMap(root)
    ? (root.items as unknown as Pair<Node, Node | null>[]).find(({ key }) => isScalar(key) && key.value === "agents")
    : undefined;
  const list = pair?.value;
  if (pair !== undefined && isSeq(list))
    return isFlow(list) ? toFlow(list) : toBlock(text, list, text.indexOf(":", pair.key.range![1]) + 1);
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

function toBlock(text: string, list: YAMLSeq, head: number): BlockList {
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
  return { kind: "block", head, items, nodes };
}

/** Adds an agent behind the last one, and writes it as that one is written. */
export function planAdd(text: string, list: AgentList, agent: NewAgent): Splice[] {
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

/** Takes an agent out of a list that has it. A key with nothing behind it would be an error, so the last one leaves `agents: []`. */
export function planRemoval(text: string, list: AgentList, index: number): Splice[] {
  if (list.kind === "nothing") return [];
  if (list.kind === "flow") return removeFromFlow(text, list.items, index);
  const empty = list.items.length === 1 ? [insertion(list.head, " []")] : [];
  return [...empty, ...removeFromBlock(text, list.items[index]!)];
}

function invalid(message: string, hint: string): IapeerError {
  return new IapeerError("fleet-invalid", message, { hint });
}
