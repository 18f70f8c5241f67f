// Shows the main job with real input, in a root of its own: npm run demo
import { ensureBinary } from "./binary.ts";
import { findFailure, SCENES, WHERE_NEXT } from "./demo/scenes.ts";
import { openStage } from "./demo/stage.ts";

const interruption = new AbortController();
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => interruption.abort(status));
}
process.exit(await perform(await ensureBinary(), interruption.signal));

/**
 * Plays the scenes until one fails, or until the signal: the line that runs then still ends. Cleans up in any case, and returns
 * the exit status.
 */
async function perform(binary: string, signal: AbortSignal): Promise<number> {
  using stage = openStage(binary, { isTerminal: process.stdout.isTTY, signal });
  let before = "";
  for (const { type, ...scene } of SCENES) {
    const line = typeof type === "string" ? type : type(before);
    const findOwnFailure = (typed: Parameters<typeof findFailure>[1]) => findFailure({ ...scene, type: line }, typed);
    if (scene.say !== undefined) stage.say(scene.say);
    const typed = await stage.type(line, { mayTakeMs: scene.mayTakeMs ?? 0, isDone: (one) => findOwnFailure(one) === undefined });
    if (signal.aborted) return signal.reason as number;
    const failure = findOwnFailure(typed);
    if (failure !== undefined) {
      console.error(`\ndemo: ${failure}`);
      return 1;
    }
    before = typed.printed;
  }
  stage.say(`That was all in ${stage.folder}, which goes now.\n\n${WHERE_NEXT}`);
  return 0;
}
