// Heartbeats of a program that knows nothing of them: the wrapper becomes the program.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync } from "node:fs";
import { join } from "node:path";
import { isRunning, readProcess } from "../../../src/core/process/processes.ts";
import { heartbeatWrapper } from "../../../src/launch/heartbeat/heartbeat.ts";
import { openPrivateTmux } from "../../support/private-tmux.ts";
import { finish, openSandbox, type Sandbox, until } from "../../support/sandbox.ts";
import { processesOf } from "../../support/session.ts";

let sandbox: Sandbox;
let beats: string;

/** Its beat command notes what it was called with. */
function prefix(everySecs = 1, name = "it's a 'beat'"): string[] {
  return heartbeatWrapper([join(sandbox.folder, name), "--with", "two words"], everySecs);
}

function readBeats(): string[] {
  return existsSync(beats) ? readFileSync(beats, "utf8").trimEnd().split("\n") : [];
}

async function untilNextBeat(): Promise<void> {
  const before = readBeats().length;
  await until("it beats", () => readBeats().length > before);
}

beforeEach(() => {
  sandbox = openSandbox();
  beats = join(sandbox.folder, "beats");
  sandbox.script("it's a 'beat'", `echo "$*" >>'${beats}'`);
});

afterEach(async () => {
  await until("nothing is left", () => processesOf(sandbox).length === 0);
  sandbox[Symbol.dispose]();
});

const SHELLS = [["dash"], ["bash"], ["busybox", "sh"], ["zsh", "--emulate", "sh"]].filter(
  ([shell]) => Bun.which(shell!) !== null,
);

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("with %s as sh", (_, shell) => {
  const wrap = (...command: string[]) => [...shell, ...prefix().slice(1), ...command];
  const start = (...command: string[]) =>
    Bun.spawn(wrap(...command), {
      env: { ...sandbox.env, every: "own", beat: "own" },
      cwd: sandbox.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });

  test("the program has its process, its words, its variables and its status, and beats as long as it lives", async () => {
    const words = ["a b", "", "$HOME", "'", '"', "\\", "*", "-n", "--", "line\nend", "é\u{1f600}", "x".repeat(60_000)];
    const child = start("sh", "-c", 'echo $$ $every $beat; printf "%s\\0" "$@"; exit 7', "zero", ...words);
    const missing = finish(start("no-such-program"));
    const { stdout, stderr, status } = await finish(child);
    expect([status, stderr]).toEqual([7, ""]);
    const [first, ...rest] = stdout.split("\n");
    expect(first).toBe(`${child.pid} own own`);
    expect(rest.join("\n").split("\0").slice(0, -1)).toEqual(words);
    expect(await missing).toMatchObject({ status: 127, stderr: expect.stringContaining("no-such-program") as unknown });

    const long = start("sleep", "600");
    const found = readProcess(long.pid)!;
    const own = () =>
      readBeats().filter((line) => line === `--with two words heartbeat --if-answers ${found.pid}:${found.start}`);
    await until("it beats again and again", () => own().length >= 2);
    // Nothing is the program's child that it did not start.
    if (process.platform === "linux") expect(readFileSync(`/proc/${long.pid}/task/${long.pid}/children`, "latin1")).toBe("");
    long.kill("SIGKILL");
    await long.exited;
    expect(long.signalCode).toBe("SIGKILL");
    await until("the loop has ended", () => processesOf(sandbox).length === 0, 5000);
  });
});

test("a beat command that is missing for a while, or replaced, is called again when it is there", async () => {
  const child = Bun.spawn([...prefix(1, "later"), "sleep", "600"], { env: sandbox.env, stdio: ["ignore", "ignore", "ignore"] });
  await until("the loop runs", () => processesOf(sandbox).length > 1);
  expect(readBeats()).toEqual([]);
  sandbox.script("later.new", `echo first >>'${beats}'`);
  renameSync(join(sandbox.folder, "later.new"), join(sandbox.folder, "later"));
  await until("it beats", () => readBeats().includes("first"));
  sandbox.script("later.new", `echo second >>'${beats}'`);
  renameSync(join(sandbox.folder, "later.new"), join(sandbox.folder, "later"));
  await until("it beats", () => readBeats().includes("second"));
  child.kill();
  await child.exited;
});

describe("in a terminal", () => {
  const openWrapped = async (...command: string[]) =>
    await openPrivateTmux({ env: sandbox.env, command: [...prefix(), ...command] });

  test("holds no descriptor of it, and ends at once when it is hung up", async () => {
    await using tmux = await openWrapped("cat");
    const pid = Number(await tmux.call("display-message", "-p", "-t", "%0", "#{pane_pid}"));
    await untilNextBeat();
    const others = processesOf(sandbox).filter(
      (one) => one.pid !== pid && one.pid !== tmux.server.pid && one.pgid === readProcess(pid)!.pgid,
    );
    expect(others.length).toBeGreaterThan(0);
    if (process.platform === "linux") {
      const open = others.flatMap((one) =>
        readdirSync(`/proc/${one.pid}/fd`).map((fd) => readlinkSync(`/proc/${one.pid}/fd/${fd}`)),
      );
      expect(open.filter((path) => path !== "/dev/null" && !path.startsWith("/proc/"))).toEqual([]);
    }
    await tmux.call("set-option", "-g", "exit-empty", "off");
    await tmux.call("kill-pane", "-t", "%0");
    await until("all of it has ended", () => !others.some(isRunning), 1000);
  });

  test("goes on when the program outlives Ctrl-C, and what else comes to its group", async () => {
    await using tmux = await openWrapped("sh", "-c", "trap 'echo heard' INT TERM; while :; do read -r line; done");
    const pid = Number(await tmux.call("display-message", "-p", "-t", "%0", "#{pane_pid}"));
    await untilNextBeat();
    await tmux.call("send-keys", "-t", "%0", "C-c");
    Bun.spawnSync(["kill", "-s", "TERM", "--", `-${readProcess(pid)!.pgid}`], { stdin: "ignore" });
    await until("it has heard both", async () => (await tmux.call("capture-pane", "-p", "-t", "%0")).split("heard").length > 2);
    await untilNextBeat();
    await untilNextBeat();
  });

  test("ends soon when the program takes a group of its own, and its terminal goes on", async () => {
    await using tmux = await openWrapped("bash", "--norc", "-i");
    const pid = Number(await tmux.call("display-message", "-p", "-t", "%0", "#{pane_pid}"));
    await untilNextBeat();
    const others = processesOf(sandbox).filter((one) => one.pid !== pid && one.pid !== tmux.server.pid);
    await tmux.call("set-option", "-g", "exit-empty", "off");
    await tmux.call("send-keys", "-t", "%0", "exec 3>&1; exit", "Enter");
    await until("all of it has ended", () => !others.some(isRunning), 5000);
  });
});

test("a folder that goes does not matter to it", async () => {
  const folder = join(sandbox.folder, "gone");
  mkdirSync(folder);
  const child = Bun.spawn([...prefix(), "sleep", "600"], {
    env: sandbox.env,
    cwd: folder,
    stdio: ["ignore", "ignore", "ignore"],
  });
  await untilNextBeat();
  renameSync(folder, `${folder}-away`);
  await untilNextBeat();
  child.kill();
  await child.exited;
});
