import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { errorLine } from "../../support/calls.ts";
import { countSaid, untilSaid } from "./said.ts";
import { openScene, play, type Scene, type State } from "./scene.ts";
import { readTraces, readTracesAgain } from "./unchanged.ts";
import { CAN_ANSWER } from "./web.ts";
import type { World } from "./world.ts";

type Tested = Exclude<State["place"], "passing">;

const PROMISES = {
  prompt: "a message arrives whole, and once",
  busy: "a message is taken, and arrives whole, and once, when its turn comes",
  elsewhere: "a message presses no key, and leaves all as it was",
} as const satisfies Record<Tested, string>;

const EXPECTATIONS = {
  prompt: async (world) => await expectArrival(world),
  // claude keeps the message until its turn ends. codex hands it to the running turn.
  busy: async (world) => await expectArrival(world, world.runtime === "claude" ? { queued_by_agent: true } : {}),
  elsewhere: expectRefusal,
} as const satisfies Record<Tested, (world: World) => Promise<void>>;

/** A machine under load takes long to start a program of 400 MB. */
const SCENE_MS = 110_000;

/** Sends bob a message in each state of the scenes. */
export function describeStates(scenes: readonly Scene[]): void {
  for (const scene of scenes) describeScene(scene);
}

function describeScene(scene: Scene): void {
  const isSkipped = scene.needsWeb === true && !CAN_ANSWER;
  describe.skipIf(isSkipped)(`${scene.runtime}, ${scene.name}${isSkipped ? " (needs openssl)" : ""}`, () => {
    let world: World | undefined;
    const states = scene.states.flatMap((state) =>
      state.place === "passing" ? [] : [[state.name, PROMISES[state.place], EXPECTATIONS[state.place], state] as const],
    );
    beforeAll(async () => void (world = await openScene(scene)), SCENE_MS);
    afterAll(async () => await world?.[Symbol.asyncDispose](), SCENE_MS);

    /** The world of the state before. One that a failed state left somewhere is begun anew. */
    const findWorld = async (): Promise<World> => {
      if (world === undefined && scene.begin === undefined) throw new Error("an earlier state failed, and this one follows it");
      return (world ??= await openScene(scene));
    };
    test.each(states)("%s: %s", async (_name, _promise, expectIt, { enter, leave = [] }) => {
      const here = await findWorld();
      try {
        await play(here, enter);
        await expectIt(here);
        await play(here, leave);
      } catch (error) {
        world = undefined;
        await here[Symbol.asyncDispose]();
        throw error;
      }
    });
  });
}

/** A message that would answer a menu or a question, if its keys were taken for an answer. */
const MESSAGE = "1 yes, please";

async function expectRefusal(world: World): Promise<void> {
  const before = await readTraces(world);
  const end = await world.sandbox.iapeer("send", "bob", "-m", MESSAGE, "--json");
  const after = await readTracesAgain(world, before);
  expect({ after, status: end.status }).toEqual({ after: before, status: 4 });
  const error = errorLine(end);
  expect(error.code).toBe("not-at-prompt");
  expect(error.details?.["screen"]).toBeDefined();
}

let sent = 0;

async function expectArrival(world: World, more: object = {}): Promise<void> {
  const text = `message ${(sent += 1)}, to a prompt`;
  expect(await world.sandbox.json("send", "bob", "-m", text, "--verify")).toMatchObject({ state: "accepted", ...more });
  world.api.release();
  await untilSaid(world, text);
  expect(countSaid(world, text)).toBe(1);
}
