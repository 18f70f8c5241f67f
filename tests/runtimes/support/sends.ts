import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { soaked } from "../../support/soak.ts";
import { countSaid, untilSaid } from "./said.ts";
import { openScene, play, type Scene, type Step } from "./scene.ts";
import type { World } from "./world.ts";

const SENDS = soaked(200, 20);
/** Three seconds a message, and the launch. */
const TEST_MS = 60_000 + SENDS * 6000;

/** The beginnings that mean something to an agent's own prompt, and characters that a terminal may not take as they are. */
const STARTS = [
  "",
  "!ls ",
  "/model ",
  "#remember ",
  "@file ",
  "? ",
  "\\",
  "1",
  "y",
  "q",
  "é 日本 😀 ",
  "'\"`$(x) ",
  "> ",
  "❯ ",
  "› ",
];

/** Message n: from 1 to 16,000 characters, most of them short, every third with several lines, none like another. */
function messageOf(n: number): string {
  const length = Math.round(16_000 ** ((n % 20) / 19));
  const end = ` end ${n}.`;
  // Each of the shortest is a character of its own.
  if (length <= 2 * end.length) return String.fromCodePoint(0x4e00 + n).repeat(length);
  const line = n % 3 === 0 ? `${n}: some words of a line\n\tand of another\n\n` : `${n}: words of a line `;
  const text = STARTS[n % STARTS.length]! + line.repeat(Math.ceil(length / line.length));
  return text.slice(0, length - end.length).trimEnd() + end;
}

/** A scene that begins at the empty prompt, and the steps that have the agent work. */
export interface Sends {
  readonly scene: Scene;
  readonly busy: readonly Step[];
}

/** Sends bob messages of all lengths, while he is idle and while he is at work. */
export function describeSends({ scene, busy }: Sends): void {
  describe.each([
    ["idle", []],
    ["at work", busy],
  ] as const)(`${scene.runtime}, %s`, (_, begin) => {
    let world: World | undefined;
    beforeAll(async () => void (world = await openScene(scene)), 110_000);
    afterAll(async () => await world?.[Symbol.asyncDispose](), 110_000);
    test(
      `gets ${SENDS} messages of 1 to 16,000 characters whole, each once`,
      async () => {
        const here = world!;
        await play(here, begin);
        const texts = Array.from({ length: SENDS }, (_each, n) => messageOf(n));
        for (const text of texts) await send(here, text);
        here.api.release();
        await untilSaid(here, texts.at(-1)!);
        const counts = texts.map((text) => [text.slice(0, 40), countSaid(here, text)]);
        expect(counts).toEqual(texts.map((text) => [text.slice(0, 40), 1]));
      },
      TEST_MS,
    );
  });
}

async function send(world: World, text: string): Promise<void> {
  const path = world.sandbox.write("message", text);
  const answer = await world.sandbox.json("send", "bob", "--file", path, "--verify");
  expect({ state: answer.state, text: text.slice(0, 40) }).toEqual({ state: "accepted", text: text.slice(0, 40) });
}
