// A message to the real claude in each of its states.
import { CLAUDE_SCENES } from "./support/claude-scenes.ts";
import { describeStates } from "./support/states.ts";

describeStates(CLAUDE_SCENES);
