import { resolve } from "node:path";
import { checkProvider, type SlotCheck } from "../../app/provider.ts";
import type { Colors } from "../colors.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const providerCheck = defineVerb({
  meta: { name: "provider check", description: "find every problem in a memory provider's declaration" },
  details: "Exit 1 on an error. A warning alone is exit 0.",
  args: {
    file: {
      type: "positional",
      description: "a declaration, as a provider writes it (default: the slot of this host)",
      required: false,
      completes: "files",
    },
  },
  examples: [
    { command: "iapeer provider check", note: "the slot of this host" },
    { command: "iapeer provider check ./memory-provider.json", note: "a declaration before it is installed" },
  ],
  run: async ({ args }, { app, output }) => {
    const found = await checkProvider(app, { file: args.file === undefined ? undefined : resolve(args.file) });
    output.result(found.problems, () => renderProblems(found, output.colors));
    return found.problems.some(({ severity }) => severity === "error") ? 1 : 0;
  },
});

function renderProblems({ path, slot, problems }: SlotCheck, colors: Colors): string {
  const lines = problems.map(({ code, message, severity, location }) => {
    const word = severity === "error" ? colors.red("error") : colors.yellow("warning");
    return `${location.file}:${location.line}:${location.column}: ${word}: ${tame(message)} [${code}]`;
  });
  const verdict = slot === undefined ? `${path}: the slot is EMPTY` : `${path}: ${tame(`${slot.provider} ${slot.version}`)}`;
  return [...lines, problems.length === 0 ? `${verdict}, no problems` : verdict].join("\n");
}
