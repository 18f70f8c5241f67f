// Many messages to the real codex, idle and at work.
import { CODEX_SENDS } from "./support/codex-scenes.ts";
import { describeSends } from "./support/sends.ts";

describeSends(CODEX_SENDS);
