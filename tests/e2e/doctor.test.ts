import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { ok } from "../support/calls.ts";
import { startServer } from "../support/live-peer.ts";
import { startLockHolder } from "../support/fixtures.ts";
import { BINARY, finish, openSandbox, type Sandbox, until } from "../support/sandbox.ts";
import { canRun } from "../support/can-run.ts";
import { readSession, recorderOf, signal as send, untilGone } from "../support/session.ts";
import { startStranger } from "../support/stranger.ts";

interface Row {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly hint?: string;
}

interface Look {
  readonly status: number | null;
  readonly isOk: boolean;
  readonly rows: readonly Row[];
  readonly selfTest: readonly Row[];
  readonly bad: readonly Row[];
}

async function look(
  sandbox: Sandbox,
  args: readonly string[] = ["--no-self-test"],
  env: Record<string, string> = {},
): Promise<Look> {
  const { status, stdout, stderr } = await sandbox.iapeerWith(env, "doctor", "--json", ...args);
  if (stdout === "") throw new Error(stderr);
  const { ok: isOk, checks, self_test: selfTest } = JSON.parse(stdout) as { ok: boolean; checks: Row[]; self_test: Row[] };
  return { status, isOk, rows: checks, selfTest, bad: [...checks, ...selfTest].filter(({ state }) => state !== "ok") };
}

/** The one problem that there is. */
async function onlyProblem(sandbox: Sandbox, env: Record<string, string> = {}): Promise<Row> {
  const { status, isOk, bad } = await look(sandbox, ["--no-self-test"], env);
  expect(bad).toHaveLength(1);
  expect([status, isOk]).toEqual([1, false]);
  return bad[0]!;
}

/** Where a tmux of the test's own comes before the real one. */
function pathWithTmux(sandbox: Sandbox, body: string): { PATH: string } {
  sandbox.script("bin/tmux", body);
  return { PATH: `${join(sandbox.folder, "bin")}:${sandbox.env["PATH"]}` };
}

describe("a healthy host", () => {
  test("exit 0, a row for each thing that was looked at, and nothing is written", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--no-provision");
    const before = readdirSync(sandbox.root, { recursive: true, encoding: "utf8" }).toSorted();
    const { status, isOk, rows, selfTest } = await look(sandbox);
    expect([status, isOk, selfTest]).toEqual([0, true, []]);
    expect(rows.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        "tmux",
        "tools",
        "folders",
        "disk",
        "locking",
        "logs",
        "clock",
        "registry",
        "locks",
        "socket-folder",
        "socket-paths",
        "stale-sockets",
        "sessions",
        "servers",
        "supervise",
      ]),
    );
    expect(readdirSync(sandbox.root, { recursive: true, encoding: "utf8" }).toSorted()).toEqual(before);
  });

  test("a root that is not there yet is none the worse for it, and stays away", async () => {
    using sandbox = openSandbox();
    expect((await look(sandbox)).status).toBe(0);
    expect(readdirSync(sandbox.folder)).toEqual(["home"]);
  });

  test("the text has a line for each, and says so in the end", async () => {
    using sandbox = openSandbox();
    const { stdout, stderr } = await sandbox.iapeer("doctor", "--no-self-test");
    expect(stdout).toMatch(/^ok {7}tmux {2,}tmux /);
    expect(stdout).toEndWith("\n\nall is well\n");
    expect(stderr).toBe("");
  });

  test("live servers with a canary and a supervise are well; without a supervise that is a warning", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    await using _alpha = await startServer(sandbox, "claude-alpha");
    expect(await onlyProblem(sandbox)).toMatchObject({
      check: "supervise",
      state: "warning",
      hint: expect.stringContaining("iapeer supervise --install"),
    });
    const supervise = sandbox.start(["supervise"]);
    const lock = join(sandbox.root, "state/iapeer/supervise.lock");
    await until("it runs", async () =>
      (await look(sandbox)).rows.some(({ check, message }) => check === "supervise" && message === "one runs"),
    );
    expect((await look(sandbox)).status).toBe(0);
    supervise.kill("SIGTERM");
    await finish(supervise);
    expect(await Bun.file(lock).exists()).toBe(true);
    expect((await look(sandbox)).status).toBe(1);
  });
});

describe("tmux", () => {
  test("that is too old", async () => {
    using sandbox = openSandbox();
    const env = pathWithTmux(sandbox, 'echo "tmux 3.1c"');
    expect(await onlyProblem(sandbox, env)).toMatchObject({
      check: "tmux",
      state: "error",
      message: expect.stringContaining("tmux 3.1c at"),
      hint: "install tmux 3.2 or later",
    });
    const { selfTest } = await look(sandbox, [], env);
    expect(selfTest).toEqual([
      { check: "self-test", state: "error", message: "not run: there is no tmux that could hold a session" },
    ]);
  });

  test("that is not on PATH", async () => {
    using sandbox = openSandbox();
    const { bad, status } = await look(sandbox, ["--no-self-test"], { PATH: sandbox.folder });
    expect(bad.map(({ check, state }) => [check, state])).toContainEqual(["tmux", "error"]);
    expect(status).toBe(1);
  });
});

describe("places", () => {
  test("a socket's path that is too long is said of each identity that has one", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a", "--no-provision");
    await ok(sandbox, "add", "alpha-with-a-long-name", "--runtime", "claude", "--runtime", "codex", "--no-provision");
    const short = Buffer.byteLength("/tmux-iap-claude-a.sock");
    const folder = join(sandbox.folder, "s".repeat(107 - short - Buffer.byteLength(sandbox.folder) - 1));
    const { check, state, message, hint } = await onlyProblem(sandbox, { IAPEER_SOCK_DIR: folder });
    expect([check, state, hint]).toEqual(["socket-paths", "error", "set IAPEER_SOCK_DIR to a folder with a shorter path"]);
    expect(message).toEndWith("of: claude-alpha-with-a-long-name, codex-alpha-with-a-long-name");
  });

  test("a socket folder that others may enter", async () => {
    using sandbox = openSandbox();
    mkdirSync(join(sandbox.root, "socks"), { recursive: true, mode: 0o700 });
    chmodSync(join(sandbox.root, "socks"), 0o755);
    expect(await onlyProblem(sandbox)).toMatchObject({
      check: "socket-folder",
      state: "error",
      hint: expect.stringContaining("chmod 700"),
    });
  });

  test("a socket that nobody listens on is stale when no peer has it", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--no-provision");
    for (const identity of ["claude-alpha", "claude-ghost"]) {
      const server = await startStranger(sandbox, identity);
      process.kill(server.pid, "SIGKILL");
      await until("it is gone", () => !server.isRunning());
    }
    const socket = join(sandbox.root, "socks/tmux-iap-claude-ghost.sock");
    expect(await onlyProblem(sandbox)).toEqual({
      check: "stale-sockets",
      state: "warning",
      message: `nobody listens on ${socket}, and no peer has it`,
      hint: `rm '${socket}'`,
    });
  });

  const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

  test.skipIf(process.getuid!() !== 0 || !canRun(...AS_NOBODY))("folders that this user may not write", async () => {
    using sandbox = openSandbox();
    chownSync(sandbox.folder, 65534, 65534);
    mkdirSync(sandbox.root, { mode: 0o700 });
    chownSync(sandbox.root, 65534, 65534);
    mkdirSync(join(sandbox.root, "logs/iapeer"), { recursive: true, mode: 0o755 });
    mkdirSync(join(sandbox.root, "peers"), { mode: 0o500 });
    chownSync(join(sandbox.root, "peers"), 65534, 65534);
    const child = Bun.spawn([...AS_NOBODY, BINARY, "doctor", "--no-self-test", "--json"], {
      env: sandbox.env,
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const { stdout, stderr, status } = await finish(child);
    expect([stderr, status]).toEqual(["", 1]);
    const bad = (JSON.parse(stdout) as { checks: Row[] }).checks.filter(({ state }) => state !== "ok");
    expect(bad.map(({ check, state, message }) => `${state} ${check}: ${message}`)).toEqual([
      `error folders: the logs' folder ${join(sandbox.root, "logs/iapeer")} belongs to another user (uid 0)`,
      `error folders: the folder of peers ${join(sandbox.root, "peers")} cannot be written to: permission denied (EACCES)`,
    ]);
  });
});

describe("what is written down", () => {
  test("a newest line from the future", async () => {
    using sandbox = openSandbox();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    sandbox.write(join(sandbox.root, "logs/iapeer/exits.log"), `ts=${later} ev=session-exit identity=claude-a\n`);
    expect(await onlyProblem(sandbox)).toMatchObject({
      check: "clock",
      state: "warning",
      message: expect.stringContaining(later),
    });
  });

  test("a registry that cannot be read is one row, and the rest is looked at all the same", async () => {
    using sandbox = openSandbox();
    sandbox.write(join(sandbox.root, "peers-profiles.json"), "{");
    const { bad, rows } = await look(sandbox);
    expect(bad).toMatchObject([{ check: "registry", state: "error", hint: "iapeer verify --fix" }]);
    expect(rows.length).toBeGreaterThan(14);
  });

  test("a session whose state cannot be read is named, and left as it is", async () => {
    using sandbox = openSandbox();
    const path = sandbox.write(
      join(sandbox.root, "state/iapeer/lifecycle/claude-a.00000000-0000-4000-8000-000000000000/session.json"),
      "{",
    );
    expect(await onlyProblem(sandbox)).toMatchObject({
      check: "sessions",
      state: "warning",
      message: `what is kept about a session of claude-a cannot be read: ${path}`,
    });
    expect(readFileSync(path, "utf8")).toBe("{");
  });

  test("a lock that is not let go", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--no-provision");
    const lock = sandbox.write(join(sandbox.root, "state/iapeer/lifecycle/claude-alpha.lock"), "");
    const holder = await startLockHolder(lock);
    const problem = await onlyProblem(sandbox);
    await holder.stdin.end();
    await holder.exited;
    expect(problem).toMatchObject({
      check: "locks",
      state: "warning",
      message: `${lock} is held, and was not let go within 2 s`,
      hint: expect.stringContaining(`fuser -v '${lock}'`),
    });
  });

  test.skipIf(!canRun("strace", "-qq"))("a lock that is let go soon is only said", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--no-provision");
    const lock = join(sandbox.root, "peers-profiles.lock");
    const holder = await startLockHolder(lock);
    const calls = join(sandbox.folder, "calls");
    const strace = ["strace", "-qq", "-f", "-e", "trace=flock", "-o", calls];
    const doctor = Bun.spawn([...strace, BINARY, "doctor", "--no-self-test", "--json"], {
      env: sandbox.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    await until("doctor finds it held", () => existsSync(calls) && readFileSync(calls, "utf8").includes("EAGAIN"));
    await holder.stdin.end();
    const { checks } = JSON.parse((await finish(doctor)).stdout) as { readonly checks: readonly Row[] };
    expect(checks).toContainEqual({ check: "locks", state: "ok", message: `held for a moment: ${lock}` });
    await holder.exited;
  });
});

describe("live servers", () => {
  test("without a canary, and why", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    await using _alpha = await startServer(sandbox, "claude-alpha");
    const recorder = recorderOf(readSession(sandbox, "claude-alpha"))!;
    send("KILL", recorder);
    await untilGone(recorder);
    const { bad } = await look(sandbox);
    expect(bad.find(({ check }) => check === "servers")).toEqual({
      check: "servers",
      state: "warning",
      message: expect.stringMatching(/^the server of claude-alpha \(pid \d+\) has no canary: its recorder \(pid \d+\) is gone$/),
      hint: "iapeer supervise --once",
    });
  });

  test("that nobody of this root launched: one without a stamp, and another root's", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--no-provision");
    await ok(sandbox, "add", "beta", "--no-provision");
    await using _alpha = await startStranger(sandbox, "claude-alpha");
    await using beta = await startStranger(sandbox, "claude-beta");
    beta.stamp();
    const { bad } = await look(sandbox);
    expect(bad.filter(({ check }) => check === "servers").map(({ hint }) => hint)).toEqual([
      "have it watched: iapeer canary arm alpha --runtime claude",
      expect.stringMatching(/^give each root a socket folder of its own: IAPEER_SOCK_DIR; .*--if-incarnation \S+$/),
    ]);
  });

  test("whose socket is gone; what the hint says brings it back", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    await using alpha = await startServer(sandbox, "claude-alpha");
    const socket = join(sandbox.root, "socks/tmux-iap-claude-alpha.sock");
    await Bun.file(socket).delete();
    const { bad } = await look(sandbox);
    expect(bad.find(({ check }) => check === "servers")).toMatchObject({
      message: `the server of claude-alpha (pid ${alpha.pid}) runs, but its socket is gone: nobody can reach it`,
      hint: "have it make its socket anew: iapeer launch alpha --runtime claude",
    });
    await ok(sandbox, "launch", "alpha", "--runtime", "claude");
    expect((await look(sandbox)).bad.map(({ check }) => check)).toEqual(["supervise"]);
  });
});

/** The processes whose environment names this folder. */
function processesOf(folder: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && environmentOf(pid).includes(folder));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

describe("the self-test", () => {
  function withTemporary(sandbox: Sandbox): { env: { TMPDIR: string }; expectNothingLeft: () => void } {
    const folder = join(sandbox.folder, "t");
    mkdirSync(folder);
    return {
      env: { TMPDIR: folder },
      expectNothingLeft: () => {
        expect(readdirSync(folder)).toEqual([]);
        expect(processesOf(folder)).toEqual([]);
      },
    };
  }

  test("passes here, touches nothing of the root, and leaves no process and no folder", async () => {
    using sandbox = openSandbox();
    const { env, expectNothingLeft } = withTemporary(sandbox);
    const { status, selfTest } = await look(sandbox, [], env);
    expectNothingLeft();
    expect(selfTest).toEqual([
      { check: "session-exit", state: "ok", message: "an agent that exits with 7 is recorded once" },
      { check: "server-killed", state: "ok", message: "a server that is killed is recorded once, with the signal" },
      { check: "canary-replaced", state: "ok", message: "a server whose canary was lost and replaced is recorded once" },
      { check: "stop", state: "ok", message: "a session that is stopped is not recorded" },
    ]);
    expect(status).toBe(0);
    expect(readdirSync(sandbox.folder).toSorted()).toEqual(["home", "t"]);
  });

  test("runs in a sandbox of its own also where a name or the socket folder of the root would not do", async () => {
    using sandbox = openSandbox();
    const { env, expectNothingLeft } = withTemporary(sandbox);
    const { selfTest } = await look(sandbox, [], {
      ...env,
      IAPEER_SOCK_DIR: join(sandbox.folder, "s".repeat(120)),
      IAPEER_CANARY_GRACE_MS: "60000",
      TMUX: "/nowhere,1,0",
    });
    expect(selfTest.every(({ state }) => state === "ok")).toBe(true);
    expectNothingLeft();
  });

  test("a tmux that has no server in the foreground fails it, and what came is said", async () => {
    using sandbox = openSandbox();
    const { env, expectNothingLeft } = withTemporary(sandbox);
    const path = pathWithTmux(sandbox, `case " $* " in *" -D "*) exit 1 ;; esac\nexec '${Bun.which("tmux")}' "$@"`);
    const { status, selfTest } = await look(sandbox, [], { ...env, ...path });
    expect(status).toBe(1);
    expect(selfTest[1]).toMatchObject({
      check: "server-killed",
      state: "error",
      message: expect.stringMatching(
        /^expected: one record with ev=server-exit signal=KILL verdict=killed witness=parent; came: ev=server-exit cause=/,
      ),
    });
    expectNothingLeft();
  });

  test("a tmux that makes no sessions fails all of it, and nothing is left of that either", async () => {
    using sandbox = openSandbox();
    const { env, expectNothingLeft } = withTemporary(sandbox);
    const path = pathWithTmux(
      sandbox,
      `case " $* " in *" source-file "*) echo "no room" >&2; exit 1 ;; esac\nexec '${Bun.which("tmux")}' "$@"`,
    );
    const { selfTest } = await look(sandbox, [], { ...env, ...path });
    expect(selfTest.map(({ message }) => message)).toEqual([
      expect.stringContaining("tmux does not make the session of test-exit: no room"),
      expect.stringContaining("came: none"),
      expect.stringContaining("no room"),
      expect.stringContaining("no room"),
    ]);
    expectNothingLeft();
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("after a %s in the middle nothing is left", async (signal, status) => {
    using sandbox = openSandbox();
    const { env, expectNothingLeft } = withTemporary(sandbox);
    const child = sandbox.start(["doctor"], env);
    await until("servers run", () => processesOf(env.TMPDIR).length > 8);
    child.kill(signal);
    expect(await finish(child)).toMatchObject({ status, stdout: "", stderr: "" });
    expectNothingLeft();
  });

  test("what an earlier one has left that was killed goes with the next one, and nothing else", async () => {
    using sandbox = openSandbox();
    const { env, expectNothingLeft } = withTemporary(sandbox);
    const child = sandbox.start(["doctor"], env);
    await until("servers run", () => processesOf(env.TMPDIR).length > 4);
    child.kill("SIGKILL");
    await child.exited;
    const [left] = readdirSync(env.TMPDIR);
    await look(sandbox, [], env);
    expect(readdirSync(env.TMPDIR)).toEqual([left!]);
    utimesSync(join(env.TMPDIR, left!), new Date(), new Date(Date.now() - 3_600_000));
    expect((await look(sandbox, [], env)).selfTest.map(({ state }) => state)).toEqual(["ok", "ok", "ok", "ok"]);
    expectNothingLeft();
  });

  test("when it is killed in the middle, what it launched ends by itself", async () => {
    using sandbox = openSandbox();
    const { env } = withTemporary(sandbox);
    const child = sandbox.start(["doctor"], env);
    const started = () =>
      processesOf(env.TMPDIR)
        .map(readProcess)
        .filter((found) => found !== undefined);
    await until("agents run", () => started().filter(({ pid }) => commandLineOf(pid).includes("exit 7")).length === 4);
    child.kill("SIGKILL");
    await child.exited;
    const folder = readdirSync(env.TMPDIR)[0]!;
    for (const name of ["exit", "kill", "again", "stop"]) writeFileSync(join(env.TMPDIR, folder, name), "");
    await until(
      "nothing runs",
      () => {
        // This makes tmux before 3.5 look after its children.
        for (const socket of readdirSync(join(env.TMPDIR, folder, "s"))) {
          Bun.spawnSync(["tmux", "-S", join(env.TMPDIR, folder, "s", socket), "run-shell", "-b", "true"], {
            stdin: "ignore",
            stdout: "ignore",
            stderr: "ignore",
            timeout: 2000,
          });
        }
        return !started().some(isRunning);
      },
      20_000,
    );
  });
});

/** Empty for a process that ended since. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
