// The main entry of jsonc-parser is UMD, which a bundler cannot shake.
import { visit } from "jsonc-parser/lib/esm/main.js";
import { JsonProblem } from "./json-problem.ts";

/**
 * Refuses `__proto__`, and a key that an object has twice, since a reader would see only one of the two.
 *
 * @param text JSON.
 * @throws JsonProblem
 */
export function refuseDoubtfulKeys(text: string): void {
  const open: Set<string>[] = [];
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (key, _offset, _length, line) => {
      const keys = open.at(-1)!;
      if (key === "__proto__") throw new JsonProblem(`has the key "__proto__" (line ${line + 1})`);
      if (keys.has(key)) throw new JsonProblem(`has the key ${JSON.stringify(key)} twice in one object (line ${line + 1})`);
      keys.add(key);
    },
  });
}
