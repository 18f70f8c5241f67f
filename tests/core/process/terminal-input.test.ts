import { expect, test } from "bun:test";
import { readTerminalInput } from "../../../src/core/process/terminal-input.ts";
import { openPrivateTmux } from "../../support/private-tmux.ts";
import { until } from "../../support/sandbox.ts";

test("a terminal tells whether it is in line mode, and whether what was typed is unread", async () => {
  await using tmux = await openPrivateTmux({ command: ["/bin/sh", "-c", "sleep 600"] });
  const tty = await tmux.call("display-message", "-p", "-t", "%0", "#{pane_tty}");
  expect(readTerminalInput(tty)).toEqual({ isLineMode: true, isEchoing: true, hasUnread: false });
  // Half a line is nobody's yet.
  await tmux.call("send-keys", "-t", "%0", "abc");
  expect(readTerminalInput(tty)).toEqual({ isLineMode: true, isEchoing: true, hasUnread: false });
  await tmux.call("send-keys", "-t", "%0", "Enter");
  await until("the line is there", () => readTerminalInput(tty)?.hasUnread === true);
  expect(readTerminalInput(tty)).toEqual({ isLineMode: true, isEchoing: true, hasUnread: true });
});

test("of a terminal in raw mode each key counts, until it is read", async () => {
  await using tmux = await openPrivateTmux({
    command: ["/bin/sh", "-c", "stty raw -echo; tmux wait-for go; exec cat >/dev/null"],
  });
  const tty = await tmux.call("display-message", "-p", "-t", "%0", "#{pane_tty}");
  await until("it is raw", () => readTerminalInput(tty)?.isLineMode === false);
  await tmux.call("send-keys", "-t", "%0", "a");
  await until("the key is there", () => readTerminalInput(tty)?.hasUnread === true);
  await tmux.call("wait-for", "-S", "go");
  await until("the key is read", () => readTerminalInput(tty)?.hasUnread === false);
});

test.each(["/nowhere", "/dev/null", "/tmp", "/etc/passwd"])("%s is no terminal", (path) => {
  expect(readTerminalInput(path)).toBeUndefined();
});
