// The main job on real input, in a throw-away root: npm run demo
import { ensureBinary } from "./demo/binary.ts";
import { findFailure, SCENES, WHERE_NEXT } from "./demo/scenes.ts";
import { openStage } from "./demo/stage.ts";

process.exit(await perform(await ensureBinary()));

/** Plays every scene until one is not as it must be; cleans up in any case, an interruption included. Returns the exit status. */
async function perform(binary: string): Promise<number> {
  using stage = openStage(binary, process.stdout.isTTY);
  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    process.once(signal, () => {
      stage[Symbol.dispose]();
      process.exit(status);
    });
  }
  for (const scene of SCENES) {
    if (scene.say !== undefined) stage.say(scene.say);
    const failure = findFailure(scene, await stage.type(scene.type));
    if (failure === undefined) continue;
    console.error(`\ndemo: ${failure}`);
    return 1;
  }
  stage.say(`That was all in ${stage.folder}, which goes now.\n\n${WHERE_NEXT}`);
  return 0;
}
