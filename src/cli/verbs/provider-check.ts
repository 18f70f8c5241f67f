import { resolve } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { explainProblems, readSlot, readSlotFile } from "../../status/slot/slot.ts";
import type { LocatedProblem, SlotReading } from "../../status/slot/types.ts";
import type { Colors } from "../colors.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const providerCheck = defineVerb({
  meta: { name: "provider check", description: "find every problem in a memory provider's declaration" },
  details: "Without FILE, the one of this host. Exit 1 on an error; a warning alone is exit 0.",
  args: {
    file: { type: "positional", description: "a declaration, as a provider writes it", required: false, completes: "files" },
  },
  examples: [
    { command: "iapeer provider check", note: "the slot of this host" },
    { command: "iapeer provider check ./memory-provider.json", note: "a declaration before it is installed" },
  ],
  run: async ({ positionals }, { layout, output }) => {
    const reading = positionals[0] === undefined ? readSlot(layout) : readSlotFile(resolve(positionals[0]));
    if (reading.isMissing) throw notThere(reading.path);
    const problems = (await explainProblems(reading)).map(toJson);
    output.result(problems, () => renderProblems(problems, reading, output.colors));
    return problems.some(({ severity }) => severity === "error") ? 1 : 0;
  },
});

function notThere(path: string): IapeerError {
  return new IapeerError("file-not-found", `there is no declaration at ${path}`, { details: { path } });
}

interface ProblemJson {
  readonly code: string;
  readonly message: string;
  readonly location: LocatedProblem["location"] & { readonly path: string };
  readonly severity: LocatedProblem["severity"];
}

function toJson({ code, message, location, path, severity }: LocatedProblem): ProblemJson {
  return { code, message, location: { ...location, path: path.join(".") }, severity };
}

function renderProblems(problems: readonly ProblemJson[], { slot, path }: SlotReading, colors: Colors): string {
  const lines = problems.map(({ code, message, severity, location }) => {
    const word = severity === "error" ? colors.red("error") : colors.yellow("warning");
    return `${location.file}:${location.line}:${location.column}: ${word}: ${tame(message)} [${code}]`;
  });
  const verdict = slot === undefined ? `${path}: the slot is EMPTY` : `${path}: ${tame(`${slot.provider} ${slot.version}`)}`;
  return [...lines, problems.length === 0 ? `${verdict}, no problems` : verdict].join("\n");
}
