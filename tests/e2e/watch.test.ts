// A read-only look at a session, in a real terminal.
import { describe, expect, test } from "bun:test";
import { readProcess } from "../../src/core/process/processes.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { until } from "../support/sandbox.ts";
import { callOutside, isTmux, launchPeer, recorderOf, type Session, signal, tellAgent, untilGone } from "../support/session.ts";
import { openTerminal } from "../support/terminal.ts";

const bob = useBob();

const sessions = async (session: Session) =>
  (await callOutside(session, "list-sessions", "-F", "#{session_name} #{session_attached}")).split("\n");

/** Only the agent's own session is there, and it lives. */
async function expectUntouched(session: Session): Promise<void> {
  await until("no other session is there", async () => (await sessions(session)).length === 1);
  expect(await sessions(session)).toEqual(["claude-bob 0"]);
  expect((await bob.sandbox.json("list"))[0].runtimes).toEqual([{ runtime: "claude", status: "live" }]);
  expect(await callOutside(session, "show-options", "-sv", "exit-empty")).toBe("on");
  expect(await callOutside(session, "show-options", "-gv", "destroy-unattached")).toBe("off");
}

function nameOf(pid: number): string {
  return Bun.spawnSync(["ps", "-o", "comm=", "-p", String(pid)], { stdin: "ignore", stderr: "ignore" }).stdout.toString();
}

async function untilWatched(session: Session, count = 1): Promise<number[]> {
  const list = async () =>
    (await callOutside(session, "list-clients", "-F", "#{client_pid}"))
      .split("\n")
      .filter((pid) => pid !== "")
      .map(Number);
  await until(`${count} watch`, async () => (await list()).length === count);
  return await list();
}

describe("watch", () => {
  test("shows the session, types nothing to it, and leaves nothing behind", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    using terminal = openTerminal(bob.sandbox);
    terminal.type("iapeer watch bob");
    await terminal.shows(/ready[^]*watching/);
    terminal.type("exit 7");
    await tellAgent(session, "hello");
    await terminal.shows(/heard hello/);
    terminal.key("C-b");
    terminal.key("d");
    await terminal.shows(/\[exit 0\]/);
    await expectUntouched(session);
  });

  test("leaves the window and the size to those who are attached", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    using attached = openTerminal(bob.sandbox, { columns: 120 });
    attached.type("iapeer attach bob");
    const width = async () => await callOutside(session, "display-message", "-p", "-t", "%0", "#{window_width}");
    await until("it has the size of the one who is attached", async () => (await width()) === "120");
    using watching = openTerminal(bob.sandbox, { columns: 60, called: "watching" });
    watching.type("iapeer watch bob");
    await watching.shows(/ready/);
    await tellAgent(session, "hello");
    await watching.shows(/heard hello/);
    expect(await width()).toBe("120");
  });

  test("shows the agent's window, whichever a person has in front or put where", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await callOutside(
      session,
      "new-window",
      "-n",
      "second",
      "-t",
      "=claude-bob:",
      "sh",
      "-c",
      "echo in the second; exec sleep 600",
    );
    await callOutside(session, "move-window", "-d", "-s", "=claude-bob:0", "-t", "=claude-bob:5");
    using watching = openTerminal(bob.sandbox);
    watching.type("iapeer watch bob");
    await watching.shows(/ready/);
    expect(await callOutside(session, "display-message", "-p", "-t", "=claude-bob:", "#{window_name}")).toBe("second");
  });

  test.each(["SIGKILL", "SIGTERM", "SIGHUP"])("leaves nothing behind when it gets %s", async (name) => {
    const session = await launchPeer(bob.sandbox, "bob");
    using terminal = openTerminal(bob.sandbox);
    terminal.type("iapeer watch bob");
    const [pid] = await untilWatched(session);
    // The program has become the client: killed beside it, it would leave it behind.
    expect(isTmux(pid!)).toBe(true);
    expect(nameOf(readProcess(pid!)!.ppid)).not.toContain("iapeer");
    signal(name.slice(3), readProcess(pid!)!);
    await expectUntouched(session);
  });

  test("leaves nothing behind when its terminal is closed", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    {
      using terminal = openTerminal(bob.sandbox);
      terminal.type("iapeer watch bob");
      await untilWatched(session);
    }
    await expectUntouched(session);
  });

  test("ends with the agent, whose end is one record and ends the server, its windows included", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    using first = openTerminal(bob.sandbox);
    using second = openTerminal(bob.sandbox, { called: "second" });
    first.type("iapeer watch bob");
    second.type("iapeer watch bob");
    await untilWatched(session, 2);
    await callOutside(session, "new-window", "-d", "-t", "=claude-bob:", "sleep", "600");
    await callOutside(session, "new-session", "-d", "-t", "claude-bob", "-s", "$(a) person's");
    await tellAgent(session, "exit 7");
    await untilGone(session.server);
    await first.shows(/\[exit \d\]/);
    await second.shows(/\[exit \d\]/);
    await until("the recorder has nothing more to say", () => recorderOf(session) === undefined);
    expect(bob.readLog("exits.log")).toMatchObject([{ ev: "session-exit", dead_status: "7" }]);
  });

  test("ends with the agent also when a person gave its session another name", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    using terminal = openTerminal(bob.sandbox);
    terminal.type("iapeer watch bob");
    await untilWatched(session);
    await callOutside(session, "rename-session", "-t", "=claude-bob", "$HOME's");
    await callOutside(session, "send-keys", "-t", "%0", "exit 7", "Enter");
    await untilGone(session.server);
    expect(bob.readLog("exits.log")).toMatchObject([{ ev: "session-exit", dead_status: "7" }]);
  });

  test("ends with a stop, which is no death", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    using terminal = openTerminal(bob.sandbox);
    terminal.type("iapeer watch bob");
    await untilWatched(session);
    await ok(bob.sandbox, "stop", "bob");
    await terminal.shows(/\[exit \d\]/);
    expect(bob.readLog("exits.log")).toEqual([]);
  });

  test("works inside another tmux", async () => {
    await launchPeer(bob.sandbox, "bob");
    // The terminal is a tmux itself, and has TMUX set.
    using terminal = openTerminal(bob.sandbox);
    terminal.type("echo in=$TMUX; iapeer watch bob");
    await terminal.shows(/ready/);
  });

  test("refuses without a terminal, and for a peer that is not live or not the one that was launched", async () => {
    expect(errorLine(await bob.sandbox.iapeer("watch", "bob", "--json")).code).toBe("peer-not-live");
    const session = await launchPeer(bob.sandbox, "bob");
    expect((await bob.sandbox.iapeer("watch", "bob")).stderr).toContain("watch needs a terminal");
    expect(errorLine(await bob.sandbox.iapeer("watch", "bob", "--json")).code).toBe("usage");
    await callOutside(session, "set-option", "-s", "@iap_incarnation", "another");
    using terminal = openTerminal(bob.sandbox);
    terminal.type("iapeer watch bob");
    await terminal.shows(/the session is gone/);
    expect(await sessions(session)).toEqual(["claude-bob 0"]);
    await callOutside(session, "set-option", "-s", "@iap_incarnation", session.incarnation);
  });
});
