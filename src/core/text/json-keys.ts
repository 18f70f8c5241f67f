// Its main entry is UMD, which a bundler cannot shake.
import { visit } from "jsonc-parser/lib/esm/main.js";
import { JsonProblem } from "./json-problem.ts";

/** Refuses an object that has a key twice, of which a reader would see only one, and `__proto__`. The text must be JSON. */
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
