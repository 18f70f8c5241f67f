// A program answers when it is not stopped, and reads what is typed to it.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { awaitAnswer, readOccupation } from "../../../src/core/process/answering.ts";
import { parseTerminalState } from "../../../src/core/process/process-table.ts";
import { readProcess } from "../../../src/core/process/processes.ts";
import { readTerminalInput } from "../../../src/core/process/terminal-input.ts";
import { openPrivateTmux, type PrivateTmux } from "../../support/private-tmux.ts";
import { until } from "../../support/sandbox.ts";

const SOON_MS = 200;

async function agentOf(tmux: PrivateTmux) {
  return readProcess(Number(await tmux.call("display-message", "-p", "-t", "%0", "#{pane_pid}")))!;
}

function send(signal: string, pid: number): void {
  Bun.spawnSync(["kill", "-s", signal, String(pid)], { stdin: "ignore" });
}

describe("a program answers", () => {
  test("while it waits, and not while it is stopped", async () => {
    // Not a pane's own process: tmux has one that was stopped go on.
    await using agent = Bun.spawn(["sleep", "600"], { stdin: "ignore" });
    const found = readProcess(agent.pid)!;
    expect(await awaitAnswer(found, SOON_MS)).toBeUndefined();
    expect(await awaitAnswer({ pid: found.pid }, SOON_MS)).toBeUndefined();
    agent.kill("SIGSTOP");
    await until("it is stopped", async () => (await awaitAnswer(found, 0)) === "stopped");
    expect(await awaitAnswer(found, SOON_MS)).toBe("stopped");
    const answer = awaitAnswer(found, 5000);
    agent.kill("SIGCONT");
    expect(await answer).toBeUndefined();
    agent.kill("SIGKILL");
  });

  test("not while what it runs in the foreground is stopped", async () => {
    await using tmux = await openPrivateTmux({ command: ["/bin/sh", "-c", "sleep 600; true"] });
    const agent = await agentOf(tmux);
    let child = 0;
    await until("it has started its program", () => {
      child = Number(Bun.spawnSync(["ps", "--ppid", String(agent.pid), "-o", "pid="], { stdin: "ignore" }).stdout.toString());
      return child > 0;
    });
    expect(await awaitAnswer(agent, SOON_MS)).toBeUndefined();
    send("STOP", child);
    await until("it is stopped", async () => (await awaitAnswer(agent, 0)) === "stopped");
    send("CONT", child);
  });

  test("with a job that is stopped in the background", async () => {
    await using tmux = await openPrivateTmux({
      command: ["sh", "-c", "set -m; sleep 600 & kill -s STOP $!; echo ready; exec cat"],
    });
    const agent = await agentOf(tmux);
    await until("it is ready", async () => (await tmux.call("capture-pane", "-p", "-t", "%0")).includes("ready"));
    expect(await awaitAnswer(agent, SOON_MS)).toBeUndefined();
  });

  test.each([
    ["lines", "sleep 600", "\\n"],
    ["keys", "stty raw -echo; sleep 600", "k"],
  ])("not while what was typed is unread, when it reads %s", async (_, program, key) => {
    await using tmux = await openPrivateTmux({ command: ["/bin/sh", "-c", program] });
    const agent = await agentOf(tmux);
    const tty = await tmux.call("display-message", "-p", "-t", "%0", "#{pane_tty}");
    await until("its terminal is as it wants it", () => readTerminalInput(tty)?.isLineMode === (key !== "k"));
    expect(await awaitAnswer(agent, SOON_MS)).toBeUndefined();
    await tmux.call("send-keys", "-t", "%0", key === "k" ? "k" : "Enter");
    await until("it is typed", () => readTerminalInput(tty)?.hasUnread === true);
    expect(await awaitAnswer(agent, SOON_MS)).toBe("unread");
  });

  test("once it has read what was typed, when that takes it a while", async () => {
    await using tmux = await openPrivateTmux({ command: ["/bin/sh", "-c", "tmux wait-for go; exec cat"] });
    const agent = await agentOf(tmux);
    await tmux.call("send-keys", "-t", "%0", "Enter");
    expect(await awaitAnswer(agent, SOON_MS)).toBe("unread");
    const answer = awaitAnswer(agent, 10_000);
    await tmux.call("wait-for", "-S", "go");
    expect(await answer).toBeUndefined();
  });

  test("no more when it has ended, or another has its pid", async () => {
    const child = Bun.spawn(["sleep", "600"], { stdin: "ignore" });
    const found = readProcess(child.pid)!;
    expect(await awaitAnswer(found, SOON_MS)).toBeUndefined();
    expect(await awaitAnswer({ ...found, start: "1" }, 60_000)).toBe("gone");
    child.kill("SIGKILL");
    await child.exited;
    expect(await awaitAnswer(found, 60_000)).toBe("gone");
  });
});

describe("a process's terminal", () => {
  const stat = (state: string, device: number, group: number) => `42 (a) b) ${state} 1 42 42 ${device} ${group} 4194304 1 0`;

  test.each([
    [stat("S", (136 << 8) | 7, 42), { isStopped: false, foregroundGroup: 42, path: "/dev/pts/7" }],
    [stat("T", (136 << 8) | 0x2c | (0x100 << 12), 9), { isStopped: true, foregroundGroup: 9, path: "/dev/pts/300" }],
    [stat("t", (4 << 8) | 1, 9), { isStopped: true, foregroundGroup: 9, path: "/dev/tty1" }],
    [stat("R", 0, -1), { isStopped: false, foregroundGroup: -1 }],
    ["42 (a", undefined],
    ["", undefined],
  ])("%p", (text, state) => {
    expect(parseTerminalState(text)).toEqual(state as never);
  });
});

// Only Linux tells in which function of the kernel a process waits.
describe.if(process.platform === "linux")("a program", () => {
  test.each([
    ["read -r line", "waiting"],
    ["exec cat", "waiting"],
    ["sleep 600; read -r line", "busy"],
  ])("that does %j is %s", async (script, occupation) => {
    await using tmux = await openPrivateTmux({ command: ["/bin/sh", "-c", script] });
    const { pid } = await agentOf(tmux);
    await until("it does that", () => readOccupation(pid) === occupation);
  });

  test("that is stopped below its shell is that", async () => {
    await using tmux = await openPrivateTmux({ command: ["/bin/sh", "-c", "cat; true"] });
    const { pid } = await agentOf(tmux);
    await until("it waits", () => readOccupation(pid) === "waiting");
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim());
    send("STOP", child);
    await until("it is stopped", () => readOccupation(pid) === "stopped");
    send("CONT", child);
  });
});
