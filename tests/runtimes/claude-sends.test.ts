// Many messages to the real claude, idle and at work.
import { CLAUDE_SENDS } from "./support/claude-scenes.ts";
import { describeSends } from "./support/sends.ts";

describeSends(CLAUDE_SENDS);
