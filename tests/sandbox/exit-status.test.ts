import { expect, test } from "bun:test";
import { renderPipePaneCommand } from "../../src/launch/start/session-log.ts";
import { openPrivateTmux } from "../support/private-tmux.ts";
import { until } from "../support/sandbox.ts";

const PANES = 24;

/** How tmux itself says a pane's process ended, once it is dead. */
async function statusOf(exit: number): Promise<string> {
  await using tmux = await openPrivateTmux({ command: ["sh", "-c", `read -r _; exit ${exit}`] });
  await tmux.call("set-option", "-g", "remain-on-exit", "on");
  await tmux.call(
    "pipe-pane",
    "-t",
    "%0",
    renderPipePaneCommand({ path: tmux.at("log"), maxBytes: 1_000_000, heldMark: tmux.at("held") }),
  );
  await until("the logger is at work", async () => await Bun.file(tmux.at("log")).exists());
  await tmux.call("send-keys", "-t", "%0", "Enter");
  await until(
    "the pane is dead",
    async () => (await tmux.call("display-message", "-p", "-t", "%0", "#{pane_dead}")).trim() === "1",
  );
  return (await tmux.call("display-message", "-p", "-t", "%0", "#{pane_dead_status}")).trim();
}

test("a pane whose logger holds its terminal always has an exit status, where tmux alone loses one in five", async () => {
  const statuses = await Promise.all(Array.from({ length: PANES }, (_, n) => statusOf(n + 1)));
  expect(statuses).toEqual(Array.from({ length: PANES }, (_, n) => String(n + 1)));
});
