// Shows that tmux itself tells whether a screen is as it was looked at.
import { expect, test } from "bun:test";
import { renderUnchanged } from "../../src/launch/send/guard.ts";
import type { Screen } from "../../src/launch/send/types.ts";
import { parseScreen } from "../../src/launch/send/screen.ts";
import { openPrivateTmux, type PrivateTmux } from "../support/private-tmux.ts";
import { until } from "../support/sandbox.ts";

const LINES = ["[a:b -> c:d] {x}, #{y}; 50% $HOME \\ ' \" (1|2)*", "日本 é 😀 │ ─ ❯\u00a0", "", "ready> "];

async function look(tmux: PrivateTmux): Promise<Screen> {
  const [isVisible, x, y] = (await tmux.call("display-message", "-p", "-t", "%0", "#{cursor_flag} #{cursor_x} #{cursor_y}"))
    .trim()
    .split(" ");
  const capture = await tmux.call("capture-pane", "-p", "-e", "-t", "%0");
  return parseScreen(capture, { isVisible: isVisible === "1", x: Number(x), y: Number(y) });
}

test("a screen is unchanged until the cursor or one of the rows is another", async () => {
  await using tmux = await openPrivateTmux({
    command: ["/bin/sh", "-c", 'printf %s "$TEXT"; exec cat'],
    env: { TEXT: LINES.join("\n") },
  });
  await until("it is written", async () => (await look(tmux)).lines[3] === "ready>");
  const before = await look(tmux);
  expect(before.lines.slice(0, 4)).toEqual(LINES.map((line) => line.replace(/ +$/, "")));
  const isUnchanged = async (rows: number[]) =>
    (
      await tmux.call(
        "if-shell",
        "-F",
        "-t",
        "%0",
        renderUnchanged(before, rows),
        "display-message -p yes",
        "display-message -p no",
      )
    ).trim();
  for (const row of [0, 1, 3]) expect(await isUnchanged([row])).toBe("yes");
  expect(await isUnchanged([0, 1, 3])).toBe("yes");
  await tmux.call("send-keys", "-t", "%0", "-l", "x");
  await until("it shows", async () => (await look(tmux)).lines[3] === "ready> x");
  expect(await isUnchanged([0])).toBe("no");
  const moved = { ...before, cursor: (await look(tmux)).cursor };
  const answer = await tmux.call(
    "if-shell",
    "-F",
    "-t",
    "%0",
    renderUnchanged(moved, [3]),
    "display-message -p yes",
    "display-message -p no",
  );
  expect(answer.trim()).toBe("no");
});
