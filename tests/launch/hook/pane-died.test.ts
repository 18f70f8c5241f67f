import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseEvents } from "../../../src/core/disk/event-log.ts";
import { listProcesses } from "../../../src/core/process/processes.ts";
import { PANE_DIED_HOOK } from "../../../src/launch/hook/hook.ts";
import { type PaneDiedOptions, renderPaneDiedHook, renderPaneDiedProgram } from "../../../src/launch/hook/pane-died.ts";
import { AGENT_PANE_OPTION, INCARNATION_OPTION } from "../../../src/launch/stamp.ts";
import { fixture } from "../../support/fixtures.ts";
import { openPrivateTmux, type PrivateTmux, type PrivateTmuxOptions } from "../../support/private-tmux.ts";
import { until } from "../../support/sandbox.ts";
import { canRun } from "../../support/can-run.ts";
import { writeScript } from "../../support/script-file.ts";

const IDENTITY = "claude-bob";
const INCARNATION = "3f0c7c1e-8a3e-4f5e-9f52-0c9d1b1f2a77";
const HOSTILE = "a b'c\"d#{pid}$HOME`id`%s\\n#[x]~;{}!é\n e";
const TMUX = Bun.which("tmux")!;

/** A launched session as the hook finds it: its agent waits for `go`, and then does what it is told. */
interface Session extends AsyncDisposable {
  readonly tmux: PrivateTmux;
  readonly options: PaneDiedOptions;
  readonly panePid: number;
  /** Lets the agent go on, and waits until the server is gone. */
  end(): Promise<void>;
  events(): Record<string, string>[];
  inFolder(name: string): boolean;
}

interface Setup extends PrivateTmuxOptions {
  /** The agent's deed when it may. */
  readonly last?: string;
  readonly rootName?: string;
  readonly more?: Partial<PaneDiedOptions>;
  readonly shell?: string;
}

async function launch({ last = "exit 0", rootName = "root", more, shell, ...server }: Setup = {}): Promise<Session> {
  const base = await openPrivateTmux({
    ...server,
    session: IDENTITY,
    command: ["/bin/sh", "-c", `until [ -e "$0" ]; do /bin/sleep 0.02; done; ${last}`, "/nowhere"],
  });
  const root = base.at(rootName);
  const options: PaneDiedOptions = {
    identity: IDENTITY,
    incarnation: INCARNATION,
    incarnationFolder: join(root, "state", INCARNATION),
    socket: base.socket,
    tmux: TMUX,
    exitsLog: join(root, "logs", "exits.log"),
    deathsFolder: join(root, "logs", "server-deaths"),
    launchedAt: new Date(),
    launchedUptimeSecs: uptimeSecs(),
    ...more,
  };
  mkdirSync(options.incarnationFolder, { recursive: true });
  const go = base.at("go");
  await base.call("respawn-pane", "-k", "-t", "%0", "/bin/sh", "-c", `until [ -e '${go}' ]; do /bin/sleep 0.02; done; ${last}`);
  await base.call("set-option", "-p", "-t", "%0", "remain-on-exit", "on");
  await base.call("set-option", "-p", "-t", "%0", "remain-on-exit-format", "");
  await base.call("set-option", "-p", "-t", "%0", AGENT_PANE_OPTION, "1");
  // As in a launched session: with a pipe tmux reads all that was printed before it takes a pane for dead.
  await base.call("pipe-pane", "-t", "%0", "cat >/dev/null");
  await base.call("set-option", "-s", INCARNATION_OPTION, INCARNATION);
  if (shell !== undefined) await base.call("set-option", "-g", "default-shell", shell);
  await base.call("set-hook", "-g", PANE_DIED_HOOK, renderPaneDiedHook(options));
  const panePid = Number(await base.call("display-message", "-p", "-t", "%0", "#{pane_pid}"));
  return {
    tmux: base,
    options,
    panePid,
    end: async () => {
      writeFileSync(go, "");
      await whileNudged(base, "the server is gone", () => !base.isRunning());
    },
    events: () => (existsSync(options.exitsLog) ? parseEvents(readFileSync(options.exitsLog, "utf8")) : []),
    inFolder: (name) => existsSync(join(options.incarnationFolder, name)),
    [Symbol.asyncDispose]: async () => await base[Symbol.asyncDispose](),
  };
}

/** tmux 3.3a and 3.4 miss the SIGCHLD of some deaths, and then run no hook; any further one makes them look again. */
async function whileNudged(tmux: PrivateTmux, what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  await until(what, async () => {
    tmux.nudge();
    return await isTrue();
  });
}

/** Hooks run in children of the server, which tmux starts before it answers again: they are over when no new child is left. */
async function untilHooksAreOver({ tmux }: Session, before: readonly number[]): Promise<void> {
  await whileNudged(tmux, "no hook runs", () => childrenOf(tmux).every((pid) => before.includes(pid)));
}

function childrenOf({ server }: PrivateTmux): number[] {
  return listProcesses()
    .filter(({ ppid, isZombie }) => ppid === server.pid && !isZombie)
    .map(({ pid }) => pid);
}

function uptimeSecs(): number {
  return Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
}

/** The one record that the end of the agent's pane must have left. */
function expectRecord(session: Session, fields: Record<string, string>): Record<string, string> {
  const events = session.events();
  expect(events).toEqual([
    {
      ts: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      ev: "session-exit",
      identity: IDENTITY,
      dead_status: "",
      dead_signal: "",
      pane_pid: String(session.panePid),
      server_pid: String(session.tmux.server.pid),
      incarnation: INCARNATION,
      lived_secs: expect.stringMatching(/^[0-9]+$/),
      forensics: `${session.options.deathsFolder}/${IDENTITY}-${events[0]?.["ts"]?.replaceAll(/[-:.]/g, "")}.txt`,
      ...fields,
    },
  ]);
  expect([session.inFolder("claim"), session.inFolder("recorded")]).toEqual([true, true]);
  expect(Math.abs(Date.parse(events[0]!["ts"]!) - Date.now())).toBeLessThan(20_000);
  const claim = readFileSync(join(session.options.incarnationFolder, "claim"), "utf8");
  expect(JSON.parse(claim)).toEqual({ version: 1, by: "session-exit", ts: events[0]!["ts"]! });
  return events[0]!;
}

describe("the end of the agent's pane is recorded and claimed, and ends the session, when it", () => {
  test.each([
    ["exits with 0", "exit 0", { dead_status: "0" }],
    ["exits with 7", "exit 7", { dead_status: "7" }],
    ["crashes", "kill -s SEGV $$", { dead_signal: "SEGV" }],
    ["is killed", "kill -s KILL $$", { dead_signal: "KILL" }],
    ["is asked to end", "kill -s TERM $$", { dead_signal: "TERM" }],
  ])("%s", async (_, last, fields) => {
    await using session = await launch({ last });
    const beforeMs = Date.now();
    await session.end();
    const { ts } = expectRecord(session, fields);
    // To the millisecond, where date(1) can tell them.
    expect(Date.parse(ts!)).toBeGreaterThanOrEqual(beforeMs);
  });
});

describe("the record is the same", () => {
  const shells = ["dash", "bash", "zsh", "fish", "tcsh", "csh", "ksh", "mksh"]
    .map((name) => Bun.which(name))
    .filter((path) => path !== null);
  test.each(shells)("with the default-shell %s, below a hostile path", async (shell) => {
    await using session = await launch({ last: "exit 7", shell, rootName: HOSTILE });
    await session.end();
    const { forensics } = expectRecord(session, { dead_status: "7" });
    expect(readFileSync(forensics!, "utf8")).toContain("dead_status: 7\n");
  });

  test.each(["", "/nowhere"])("with PATH=%j and nothing else in the server's environment", async (path) => {
    await using session = await launch({ last: "exit 7", env: { PATH: path }, rootName: HOSTILE });
    await session.end();
    expectRecord(session, { dead_status: "7" });
  });

  test("with a server whose working folder was deleted", async () => {
    const cwd = `/tmp/iap-gone-${process.pid}`;
    mkdirSync(cwd);
    await using session = await launch({ last: "exit 7", cwd });
    rmdirSync(cwd);
    await session.end();
    expectRecord(session, { dead_status: "7" });
  });

  test("with a root whose path is a thousand bytes long", async () => {
    await using session = await launch({
      last: "exit 7",
      rootName: Array.from({ length: 5 }, (_, n) => `${n} ${"x".repeat(200)}`).join("/"),
    });
    await session.end();
    expectRecord(session, { dead_status: "7" });
  });
});

describe("nothing is recorded", () => {
  test("of another pane, even one that is kept when it has died, and the session lives", async () => {
    await using session = await launch();
    const before = childrenOf(session.tmux);
    await session.tmux.call("new-window", "-d", "-t", `=${IDENTITY}:`, "/bin/sh", "-c", "exit 3");
    await session.tmux.call("split-window", "-d", "-t", "%0", "/bin/sleep", "600");
    await session.tmux.call("set-option", "-p", "-t", "%2", "remain-on-exit", "on");
    process.kill(Number(await session.tmux.call("display-message", "-p", "-t", "%2", "#{pane_pid}")), "SIGKILL");
    const panes = async () => await session.tmux.call("list-panes", "-s", "-t", `=${IDENTITY}`, "-F", "#{pane_id} #{pane_dead}");
    await whileNudged(session.tmux, "the others are dead", async () => (await panes()) === "%0 0\n%2 1");
    await untilHooksAreOver(session, before);
    expect(session.events()).toEqual([]);
    expect([session.inFolder("claim"), session.inFolder("recorded"), existsSync(session.options.deathsFolder)]).toEqual([
      false,
      false,
      false,
    ]);
    await session.end();
    expectRecord(session, { dead_status: "0" });
  });

  test("of an end that is claimed, but the session ends", async () => {
    await using session = await launch();
    writeFileSync(join(session.options.incarnationFolder, "claim"), "{}");
    await session.end();
    expect(session.events()).toEqual([]);
    expect([session.inFolder("recorded"), existsSync(session.options.deathsFolder)]).toEqual([false, false]);
    expect(readFileSync(join(session.options.incarnationFolder, "claim"), "utf8")).toBe("{}");
  });

  test("of an end that is claimed while the forensics are written, and those are taken back", async () => {
    await using session = await launch();
    await session.tmux.call("set-hook", "-gu", PANE_DIED_HOOK);
    const claim = join(session.options.incarnationFolder, "claim");
    const slow = writeScript(session.tmux.at("tmux"), `case "$*" in *capture-pane*) : >'${claim}' ;; esac; exec ${TMUX} "$@"`);
    await session.tmux.call("set-hook", "-g", PANE_DIED_HOOK, renderPaneDiedHook({ ...session.options, tmux: slow }));
    await session.end();
    expect(session.events()).toEqual([]);
    expect([session.inFolder("recorded"), readdirSync(session.options.deathsFolder)]).toEqual([false, []]);
    expect(readFileSync(claim, "utf8")).toBe("");
  });

  test.each<[string, (log: string) => void]>([
    ["a folder", (log) => mkdirSync(log)],
    ["a link", (log) => symlinkSync(`${log}.elsewhere`, log)],
    ["a FIFO", (log) => Bun.spawnSync(["mkfifo", log])],
  ])("when the log is %s, so nothing is claimed either, and the session ends", async (_, spoil) => {
    await using session = await launch();
    mkdirSync(join(session.options.exitsLog, ".."));
    spoil(session.options.exitsLog);
    await session.end();
    expect([session.inFolder("claim"), session.inFolder("recorded")]).toEqual([false, false]);
    expect(existsSync(`${session.options.exitsLog}.elsewhere`)).toBe(false);
  });

  test.skipIf(!canRun("unshare", "-m"))(
    "when the disk of the log is full, so nothing is claimed either, and the session ends",
    async () => {
      const disk = `/tmp/iap-disk-${process.pid}`;
      mkdirSync(disk);
      await using session = await launch({
        wrapper: ["unshare", "-m", fixture("full-disk.sh"), disk, "exits.log"],
        more: { exitsLog: `${disk}/exits.log`, deathsFolder: `${disk}/deaths` },
      });
      await session.end();
      rmSync(disk, { recursive: true });
      expect([session.inFolder("claim"), session.inFolder("recorded")]).toEqual([false, false]);
    },
  );
});

test("a session of another incarnation on the same socket is left alone", async () => {
  await using session = await launch();
  const before = childrenOf(session.tmux);
  await session.tmux.call("set-option", "-s", INCARNATION_OPTION, "another");
  writeFileSync(session.tmux.at("go"), "");
  await whileNudged(session.tmux, "the end is claimed", () => session.inFolder("claim"));
  await untilHooksAreOver(session, before);
  expect(await session.tmux.call("list-panes", "-s", "-F", "#{pane_dead}")).toBe("1");
});

test("an agent is known by its incarnation, too, whatever that begins with", async () => {
  await using session = await launch();
  await session.tmux.call("set-option", "-p", "-t", "%0", AGENT_PANE_OPTION, "0b55e350-ba61-4bcb-b14d-62a42224d97e");
  await session.end();
  expectRecord(session, { dead_status: "0" });
});

describe("the log", () => {
  test("with a torn last line gets the record on a line of its own", async () => {
    await using session = await launch();
    mkdirSync(join(session.options.exitsLog, ".."), { recursive: true });
    writeFileSync(session.options.exitsLog, "ts=1 ev=server-exit identity=x\nts=2 ev=serv");
    await session.end();
    const lines = readFileSync(session.options.exitsLog, "utf8").split("\n");
    expect([lines[0], lines[1], lines.length, lines[3]]).toEqual(["ts=1 ev=server-exit identity=x", "ts=2 ev=serv torn", 4, ""]);
    expect(session.events().map(({ ev }) => ev)).toEqual(["server-exit", "session-exit"]);
  });

  test("that is whole gets one line more", async () => {
    await using session = await launch();
    mkdirSync(join(session.options.exitsLog, ".."), { recursive: true });
    writeFileSync(session.options.exitsLog, "ts=1 ev=server-exit identity=x\n");
    await session.end();
    expect(readFileSync(session.options.exitsLog, "utf8")).toMatch(/^ts=1 ev=server-exit identity=x\nts=[^\n]+\n$/);
  });

  test("and all that is made for it is the user's alone", async () => {
    await using session = await launch();
    await session.end();
    const { forensics } = expectRecord(session, { dead_status: "0" });
    const modes = [
      session.options.exitsLog,
      forensics!,
      session.options.deathsFolder,
      join(session.options.incarnationFolder, "claim"),
    ].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o700, 0o600]);
  });

  test("is written even when the forensics cannot be", async () => {
    await using session = await launch();
    mkdirSync(join(session.options.exitsLog, ".."), { recursive: true });
    writeFileSync(session.options.deathsFolder, "");
    await session.end();
    expect(session.events()).toMatchObject([{ ev: "session-exit", dead_status: "0" }]);
    expect(Object.keys(session.events()[0]!)).not.toContain("forensics");
    expect(session.inFolder("claim")).toBe(true);
  });
});

describe("lived_secs", () => {
  const agoSecs = (secs: number) => new Date(Date.now() - secs * 1000);
  test.each<[string, () => Partial<PaneDiedOptions>, number]>([
    ["counts by the monotonic clock", () => ({ launchedAt: agoSecs(900), launchedUptimeSecs: uptimeSecs() - 50 }), 50],
    [
      "counts by the date where there is no other clock",
      () => ({ launchedAt: agoSecs(900), launchedUptimeSecs: undefined }),
      900,
    ],
    [
      "counts by the date when the other clock has begun again",
      () => ({ launchedAt: agoSecs(900), launchedUptimeSecs: uptimeSecs() + 5000 }),
      900,
    ],
    ["is never negative", () => ({ launchedAt: agoSecs(-900), launchedUptimeSecs: undefined }), 0],
  ])("%s", async (_, more, secs) => {
    await using session = await launch({ more: more() });
    await session.end();
    const lived = Number(expectRecord(session, { dead_status: "0" })["lived_secs"]);
    expect(lived).toBeGreaterThanOrEqual(secs);
    expect(lived).toBeLessThanOrEqual(secs + 10);
  });
});

describe("the forensics file", () => {
  test("says how the agent ended, and what it printed last", async () => {
    await using session = await launch({ last: "printf 'héllo %%s $x\\n\\nbye'; kill -s SEGV $$" });
    await session.end();
    const { forensics, ts, lived_secs: lived } = expectRecord(session, { dead_signal: "SEGV" });
    expect(readFileSync(forensics!, "utf8")).toBe(
      `iapeer forensics 1\nidentity: ${IDENTITY}\nincarnation: ${INCARNATION}\nserver_pid: ${session.tmux.server.pid}\ndied: ${ts}\nlived_secs: ${lived}\n` +
        "dead_status: \ndead_signal: SEGV\nverdict: crashed\nreason: the pane of the agent was ended by signal SEGV\n\n== last lines ==\nhéllo %s $x\n\nbye\n",
    );
  });

  test("says of a status that is not 0 that the agent failed", async () => {
    await using session = await launch({ last: "exit 1" });
    await session.end();
    const { forensics } = expectRecord(session, { dead_status: "1" });
    expect(readFileSync(forensics!, "utf8")).toContain(
      "verdict: failed\nreason: the pane of the agent ended with exit status 1\n",
    );
  });

  test.each([
    ["lines", "seq -f 'line %.0f' 1 500; exit 7", 51],
    ["bytes", "seq -f %01000.0f 1 200; exit 7", 250],
  ])("is bounded, however many %s were printed", async (_, last, most) => {
    await using session = await launch({ last });
    await session.tmux.call("resize-window", "-t", `=${IDENTITY}:`, "-x", "1000");
    await session.end();
    const lines = readFileSync(expectRecord(session, { dead_status: "7" })["forensics"]!, "utf8").split("== last lines ==\n")[1]!;
    expect(lines.length).toBeLessThanOrEqual(16_384);
    expect(lines.length).toBeGreaterThan(300);
    expect(lines.split("\n").length).toBeLessThanOrEqual(most);
    expect(lines.trimEnd()).toEndWith(last.startsWith("seq -f '") ? "line 500" : "0200");
  });
});

describe("the program", () => {
  const options: PaneDiedOptions = {
    identity: IDENTITY,
    incarnation: INCARNATION,
    incarnationFolder: `/x/${HOSTILE}`,
    socket: `/y/${HOSTILE}`,
    tmux: `/z/${HOSTILE}`,
    exitsLog: `/l/${HOSTILE}`,
    deathsFolder: `/d/${HOSTILE}`,
    launchedAt: new Date(0),
    launchedUptimeSecs: 1.5,
  };

  test("is the same word in every shell: no single quote, no `!`, no newline, no backslash but in octals", () => {
    expect(renderPaneDiedProgram(options)).not.toMatch(/['!\n]|\\(?![0-7]{3})/);
  });

  test.skipIf(Bun.which("shellcheck") === null)("passes shellcheck", () => {
    const checked = Bun.spawnSync(["shellcheck", "-s", "sh", "-"], {
      stdin: Buffer.from(`${renderPaneDiedProgram(options)}\n`),
      stdout: "pipe",
    });
    expect(checked.stdout.toString()).toBe("");
  });

  test.each(
    [
      ["dash", "-n"],
      ["bash", "--posix", "-n"],
      ["busybox", "sh", "-n"],
      ["zsh", "-n"],
    ]
      .filter(([name]) => Bun.which(name!) !== null)
      .map((argv) => [argv[0]!, argv]),
  )("is read by %s", (_, argv) => {
    const read = Bun.spawnSync([...argv, "/dev/stdin"], { stdin: Buffer.from(renderPaneDiedProgram(options)), stderr: "pipe" });
    expect([read.exitCode, read.stderr.toString()]).toEqual([0, ""]);
  });

  test.each(
    [
      ["bash", "--posix"],
      ["busybox", "sh"],
      ["zsh", "--emulate", "sh"],
    ]
      .filter(([name]) => Bun.which(name!) !== null)
      .map((argv) => [argv[0]!, argv]),
  )("records the same when /bin/sh is %s", async (_, argv) => {
    await using session = await launch({ rootName: HOSTILE });
    await session.tmux.call("set-hook", "-gu", PANE_DIED_HOOK);
    const run = Bun.spawnSync(
      [
        ...argv,
        "-c",
        renderPaneDiedProgram(session.options),
        "sh",
        "%0",
        "",
        "11",
        String(session.tmux.server.pid),
        String(session.panePid),
      ],
      { stdin: "ignore", env: {} },
    );
    expect(run.exitCode).toBe(0);
    expectRecord(session, { dead_signal: "SEGV" });
    await until("the server is gone", () => !session.tmux.isRunning());
  });
});
