import { findNodeAtLocation, type Node, type ParseError, parseTree } from "jsonc-parser/lib/esm/main.js";
import type { SlotProblem } from "./slot-schema.ts";

/** A place in a file, both counted from 1: that of the value, or of the object it is missing from. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a problem of a declaration stands in its text. */
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
    // Nested deeper than the stack: the file as a whole is the place.
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
