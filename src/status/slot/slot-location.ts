import { findNodeAtLocation, type Node, type ParseError, parseTree } from "jsonc-parser/lib/esm/main.js";
import type { Location, SlotProblem } from "./types.ts";

/** The place of a problem in the text of its declaration. */
export function locate(problem: SlotProblem, file: string, text: string): Location {
  const errors: ParseError[] = [];
  const root = parse(text, errors);
  const offset = problem.code === "not-json" ? (errors[0]?.offset ?? 0) : (nearestNode(root, problem.path)?.offset ?? 0);
  const before = text.slice(0, offset).split("\n");
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}

function parse(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors);
  } catch {
    // Nested deeper than the stack: the place is the file as a whole.
    return undefined;
  }
}

function nearestNode(root: Node | undefined, path: readonly (string | number)[]): Node | undefined {
  if (root === undefined) return undefined;
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return node;
  }
  return root;
}
