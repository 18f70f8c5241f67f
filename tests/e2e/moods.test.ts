// Messages to a program with dialogs, menus and modes: each arrives once and whole at a prompt, and has no effect anywhere else.
import { expect, test } from "bun:test";
import { useBob } from "../support/bob.ts";
import { FACES, launchMoods, type Moods, type Sent } from "../support/moods.ts";
import { soaked } from "../support/soak.ts";

const bob = useBob();
const SENDS = soaked(10_000, 60);
/** Each face so often at the same time. */
const TIMES = soaked(2, 1);
const SEED = soaked(Date.now() % 1_000_000, 1);

test(
  `random messages to programs in random states (seed ${SEED})`,
  async () => {
    const agents: Moods[] = [];
    for (const face of FACES) {
      for (let time = 0; time < TIMES; time += 1)
        agents.push(await launchMoods(bob.sandbox, { face, name: `${face}${time}`, seed: SEED + agents.length }));
    }
    const faults: Sent[] = [];
    let begun = 0;
    const sendOn = async ({ send }: Moods) => {
      while (begun < SENDS) {
        begun += 1;
        const sent = await send();
        if (sent.fault !== undefined) faults.push(sent);
      }
    };
    await Promise.all(agents.map(sendOn));
    expect(faults).toEqual([]);
  },
  soaked(5 * 3_600_000, 120_000),
);

test("a busy agent that keeps the message for later has accepted it", async () => {
  const { sendIn } = await launchMoods(bob.sandbox, { face: "claude", seed: 1 });
  expect(await sendIn({ name: "busy" }, "one\ntwo", true)).toMatchObject({ state: "accepted", isQueued: true });
  expect(await sendIn({ name: "prompt" }, "one\ntwo", true)).toMatchObject({ state: "accepted" });
});
