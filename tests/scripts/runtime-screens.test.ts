// The recordings of the real runtimes' screens, held against the states that the tests know and the pinned versions.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PINS, REAL_RUNTIMES } from "../../scripts/runtimes/programs.ts";
import { CLAUDE_SCENES } from "../runtimes/support/claude-scenes.ts";
import { CODEX_SCENES } from "../runtimes/support/codex-scenes.ts";

const SCENES = { claude: CLAUDE_SCENES, codex: CODEX_SCENES };

test.each(REAL_RUNTIMES)("%s has one recording of each state, of the pinned version", (runtime) => {
  const folder = join(import.meta.dir, "../runtimes/screens", runtime);
  const states = SCENES[runtime].flatMap((scene) => scene.states.map(({ name }) => `${name}.txt`));
  expect(readdirSync(folder).toSorted()).toEqual(states.toSorted());
  const heads = states.map((file) => readFileSync(join(folder, file), "utf8").split("\n")[0]);
  expect([...new Set(heads)]).toEqual([`program: ${runtime} ${PINS[runtime].version}`]);
});
