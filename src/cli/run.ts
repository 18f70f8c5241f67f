import { runCommand } from "citty";
import type { Context } from "../app/app.ts";
import type { ParsedCall } from "./strict.ts";
import type { Verb, VerbData } from "./verb.ts";

/** Runs a verb through citty, and returns its exit status. Throws what the verb throws. */
export async function runVerb({ meta, args, run }: Verb, call: ParsedCall, context: Context): Promise<number> {
  const data: VerbData = { call, context };
  // Without the commands below it: citty would look for their names in the words once more.
  const { result } = await runCommand({ meta, args, run }, { rawArgs: [...call.words], data });
  return result as number;
}
