// A message to the real codex in each of its states.
import { CODEX_SCENES } from "./support/codex-scenes.ts";
import { describeStates } from "./support/states.ts";

describeStates(CODEX_SCENES);
