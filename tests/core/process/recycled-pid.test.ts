import { expect, test } from "bun:test";
import { canRun } from "../../support/can-run.ts";
import { outputOf, startFixture } from "../../support/fixtures.ts";

const UNSHARE = ["unshare", "--fork", "--pid", "--kill-child", "--mount-proc"];
const canChoosePids = canRun(...UNSHARE, "sh", "-c", 'echo 1 >/proc/sys/kernel/ns_last_pid && exec "$0"');

test.skipIf(!canChoosePids)("a recycled pid is never signalled, neither alone nor by its group", async () => {
  const found = JSON.parse(await outputOf(startFixture("recycled-pid.ts", [], UNSHARE))) as unknown;
  expect(found).toEqual({ isSamePid: true, sent: [false, false], echo: "alive" });
});
