import { runCommand } from "citty";
import { openApp } from "../app/app.ts";
import type { Context } from "./context.ts";
import { parseFolder } from "./folder.ts";
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
export async function runVerb({ meta, args, run }: Verb, call: ParsedCall, options: RunOptions): Promise<number> {
  // A provider's command that calls iapeer has to find the same root.
  if (call.root !== undefined) process.env["IAPEER_ROOT"] = parseFolder(call.root, process.env);
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

/** Opens the app, which speaks to the person through the output. */
function openContext({ output, self }: RunOptions): Context {
  const tell = { warn: output.warn, note: output.note, progress: (total: number) => openProgress(output, total) };
  const app = openApp({ env: process.env, self, tell });
  return { app, output };
}
