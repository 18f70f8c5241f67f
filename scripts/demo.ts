// Shows the main job with real input, each act in a root of its own: npm run demo [-- ACT…]
import { ensureBinary } from "./binary.ts";
import { ACTS, type ActName, isActName, WHERE_NEXT } from "./demo/acts.ts";
import { findFailure, type Scene } from "./demo/scene.ts";
import { openStage } from "./demo/stage.ts";
import { onStopSignal } from "./stop-signals.ts";

const NAMES = Object.keys(ACTS).filter(isActName);

const interruption = new AbortController();
onStopSignal((status) => interruption.abort(status));
process.exit(await main(process.argv.slice(2), interruption.signal));

async function main(words: readonly string[], signal: AbortSignal): Promise<number> {
  const wanted = words.filter(isActName);
  if (wanted.length < words.length) {
    console.error(`demo: an act is one of ${NAMES.join(", ")}`);
    return 2;
  }
  const binary = await ensureBinary();
  for (const name of wanted.length > 0 ? wanted : NAMES) {
    const status = await perform(name, binary, signal);
    if (status !== 0) return status;
  }
  if (wanted.length === 0) console.log(`\n${WHERE_NEXT}`);
  return 0;
}

/**
 * Plays an act until a scene fails, or until the signal: the line that runs then still ends. Cleans up in any case, and returns
 * the exit status.
 */
async function perform(name: ActName, binary: string, signal: AbortSignal): Promise<number> {
  using stage = openStage(binary, { isTerminal: process.stdout.isTTY, signal });
  const scenes: readonly Scene[] = ACTS[name];
  let before = "";
  for (const { type, ...scene } of scenes) {
    const line = typeof type === "string" ? type : type(before);
    const findOwnFailure = (typed: Parameters<typeof findFailure>[1]) => findFailure({ ...scene, type: line }, typed);
    if (scene.say !== undefined) stage.say(scene.say);
    const typed =
      scene.keys === undefined
        ? await stage.type(line, { mayTakeMs: scene.mayTakeMs ?? 0, isDone: (one) => findOwnFailure(one) === undefined })
        : await stage.typeInTerminal(line, scene.keys);
    if (signal.aborted) return signal.reason as number;
    const failure = findOwnFailure(typed);
    if (failure !== undefined) {
      console.error(`\ndemo: ${failure}`);
      return 1;
    }
    before = typed.printed;
  }
  stage.say(`That was all in ${stage.folder}, which goes now.`);
  return 0;
}
