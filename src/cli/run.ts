import { runCommand } from "citty";
import { openApp } from "../app/app.ts";
import { refuseFewDescriptors } from "../core/descriptors.ts";
import { lookAt } from "../core/disk/same-folder.ts";
import { IapeerError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import { parsePath } from "./path.ts";
import type { Output } from "./output.ts";
import { openProgress } from "./progress.ts";
import type { ParsedCall } from "./strict.ts";
import type { Verb, VerbData } from "./verb.ts";

export interface RunOptions {
  readonly output: Output;
  /** Starts this program again, as an argv. */
  readonly self: readonly string[];
}

/** Runs a verb through citty, and returns its exit status. Throws what the verb throws. */
export async function runVerb(
  { meta, args, run, makesRoot = false }: Verb,
  call: ParsedCall,
  options: RunOptions,
): Promise<number> {
  refuseFewDescriptors();
  // A provider's command that calls iapeer has to find the same root.
  if (call.root !== undefined) process.env["IAPEER_ROOT"] = parseRoot(call.root, makesRoot);
  const context = openContext(options);
  try {
    const data: VerbData = { call, context };
    // The commands below this verb are left out: citty would look for their names in the words again.
    const { result } = await runCommand({ meta, args, run }, { rawArgs: [...call.words], data });
    return result as number;
  } finally {
    context.app.runner.close();
  }
}

/** Reads `--root`. A root that is not there is a slip of the keyboard, and not an empty registry. */
function parseRoot(text: string, mayBeMissing: boolean): string {
  const root = parsePath(text, process.env);
  if (mayBeMissing || lookAt(root) !== undefined) return root;
  throw new IapeerError("folder-not-found", `there is no root at ${root}`, {
    hint: "a root is made by its first peer: iapeer add, or iapeer fleet apply",
    details: { path: root },
  });
}

/** Opens the app, which speaks to the person through the output. */
function openContext({ output, self }: RunOptions): Context {
  const tell = { warn: output.warn, note: output.note, progress: (total: number) => openProgress(output, total) };
  const app = openApp({ env: process.env, self, tell });
  return { app, output };
}
