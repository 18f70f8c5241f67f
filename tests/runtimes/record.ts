// Writes down what the real runtimes show in each state: tests/runtimes/screens/<runtime>/<state>.txt
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PINS } from "../../scripts/runtimes/programs.ts";
import { CLAUDE_SCENES } from "./support/claude-scenes.ts";
import { CODEX_SCENES } from "./support/codex-scenes.ts";
import { openScene, play, type Scene } from "./support/scene.ts";
import type { Look } from "./support/agent-pane.ts";
import type { World } from "./support/world.ts";

/** The time for a screen to be drawn whole. */
const SETTLE_MS = 700;

const wanted = process.argv.slice(2);

for (const scene of [...CLAUDE_SCENES, ...CODEX_SCENES]) {
  if (wanted.length > 0 && !wanted.some((word) => `${scene.runtime}/${scene.name}`.includes(word))) continue;
  try {
    await record(scene);
  } catch (error) {
    console.log(`${scene.runtime}/${scene.name}: ${String(error)}`);
    process.exitCode = 1;
  }
}

async function record(scene: Scene): Promise<void> {
  await using world = await openScene(scene);
  for (const { name, place, enter, leave = [] } of scene.states) {
    try {
      await play(world, enter);
      if (place !== "passing") await Bun.sleep(SETTLE_MS);
      await write(world, name);
      await play(world, leave);
    } catch (error) {
      throw new Error(`${name}: ${String(error)}`, { cause: error });
    }
  }
}

async function write(world: World, name: string): Promise<void> {
  const look = await world.look();
  const styled = await world.lookStyled(look.cursor.y);
  const folder = join(import.meta.dir, "screens", world.runtime);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.txt`), render(world, look, styled));
  console.log(`${world.runtime}/${name}`);
}

function render({ runtime, sandbox }: World, look: Look, styled: string): string {
  const { size, cursor, isAlternate, lines } = look;
  const head = [
    `program: ${runtime} ${PINS[runtime].version}`,
    `size: ${size}${isAlternate ? ", alternate screen" : ""}`,
    `cursor: ${cursor.isVisible ? "visible" : "hidden"}, x ${cursor.x}, y ${cursor.y}`,
    `its line: ${JSON.stringify(styled).replaceAll("\u001b", "\\u001b")}`,
    "",
  ];
  const folder = /iap-[A-Za-z0-9]{6}/g;
  return `${[...head, ...lines].join("\n").replaceAll(folder, "iap-000000").replaceAll(sandbox.folder, "/tmp/iap-000000").trimEnd()}\n`;
}
