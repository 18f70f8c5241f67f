// A sign of life from a runtime's own hook.
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { useBob } from "../support/bob.ts";
import { errorLine, modeOf, ok, readJson } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { BINARY, finish, until } from "../support/sandbox.ts";
import { launchPeer, processesOf, tellAgent, untilGone } from "../support/session.ts";
import { canRun } from "../support/can-run.ts";

const bob = useBob();
const stateFolder = () => join(bob.sandbox.root, "state/iapeer/lifecycle");
const beatOf = (identity: string) => join(stateFolder(), `${identity}.beat`);

describe("heartbeat", () => {
  test.each([[["bob"]], [["claude-bob"]], [["bob", "--runtime", "claude"]]])(
    "%p writes the identity's stamp, and show has its age",
    async (args) => {
      expect(await bob.sandbox.json("show", "bob")).not.toHaveProperty("heartbeats");
      const beforeMs = Date.now();
      expect(await ok(bob.sandbox, "heartbeat", ...args)).toMatchObject({ stdout: "", stderr: "" });
      const afterMs = Date.now();
      const beat = readJson(beatOf("claude-bob"));
      expect(beat).toEqual({
        version: 1,
        ts: expect.any(String),
        boot_id: expect.any(String),
        uptime_secs: process.platform === "linux" ? expect.any(Number) : null,
      });
      expect(Date.parse(beat["ts"] as string)).toBeWithin(beforeMs, afterMs + 1);
      expect(modeOf(beatOf("claude-bob"))).toBe("0600");
      const [shown] = (await bob.sandbox.json("show", "bob")).heartbeats;
      expect(shown).toEqual({ runtime: "claude", age_secs: expect.any(Number) });
      expect(shown.age_secs).toBeGreaterThanOrEqual(0);
      expect((await ok(bob.sandbox, "show", "bob")).stdout).toMatch(/^alive claude:  last heartbeat \d+ s ago$/m);
    },
  );

  test("without an argument is for the session that it is called in", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script(
      "hooked",
      `'${process.cwd()}/dist/iapeer' heartbeat --json >'${bob.sandbox.folder}/out' 2>&1; exec sleep 600`,
    );
    await launchPeer(bob.sandbox, "bob");
    await until("it has called", () => existsSync(beatOf("claude-bob")));
    await until("it has printed", () => readFileSync(`${bob.sandbox.folder}/out`, "utf8") !== "");
    expect(JSON.parse(readFileSync(`${bob.sandbox.folder}/out`, "utf8"))).toEqual({ identity: "claude-bob", written: true });
  });

  test("of a peer whose name looks like an identity is that peer's", async () => {
    await ok(bob.sandbox, "add", "claude-bob", "--runtime", "codex");
    expect(await bob.sandbox.json("heartbeat", "claude-bob")).toEqual({ identity: "codex-claude-bob", written: true });
  });

  test("fails for a call that is wrong", async () => {
    const fail = async (...args: string[]) => {
      const end = await bob.sandbox.iapeer("heartbeat", ...args, "--json");
      return [errorLine(end).code, end.status];
    };
    expect(await fail()).toEqual(["usage", 2]);
    expect(await fail("nobody")).toEqual(["peer-not-found", 3]);
    expect(await fail("codex-bob")).toEqual(["peer-not-found", 3]);
    expect(await fail("bob", "--runtime", "codex")).toEqual(["runtime-not-found", 3]);
    expect(await fail("--runtime", "codex")).toEqual(["usage", 2]);
    expect(errorLine(await bob.sandbox.iapeerWith({ PEER_IDENTITY: "../bob" }, "heartbeat", "--json")).code).toBe("usage");
  });

  test("of a session that is another root's is a warning", async () => {
    const end = await bob.sandbox.iapeerWith({ PEER_IDENTITY: "claude-eve" }, "heartbeat");
    expect(end).toMatchObject({ status: 0, stdout: "" });
    expect(end.stderr).toContain("claude-eve was not launched from");
    expect(existsSync(beatOf("claude-eve"))).toBe(false);
  });

  test.skipIf(process.platform === "linux" && !canRun("unshare", "-m"))(
    "on a full disk is a warning, and the stamp before it stays",
    async () => {
      await ok(bob.sandbox, "heartbeat", "bob");
      const before = readFileSync(beatOf("claude-bob"), "utf8");
      const child = Bun.spawn(["unshare", "-m", fixture("full-disk.sh"), stateFolder(), "other", BINARY, "heartbeat", "bob"], {
        env: bob.sandbox.env,
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      expect([await child.exited, await child.stdout.text()]).toEqual([0, ""]);
      expect(await child.stderr.text()).toContain("the heartbeat is not written");
      expect(readFileSync(beatOf("claude-bob"), "utf8")).toBe(before);
    },
  );

  test("goes with the peer, and leaves no other file", async () => {
    await Promise.all(Array.from({ length: 20 }, async () => await ok(bob.sandbox, "heartbeat", "bob")));
    expect(readdirSync(stateFolder()).filter((name) => name.includes("beat"))).toEqual(["claude-bob.beat"]);
    expect((await bob.sandbox.json("remove", "bob"))[0].purgedState).toContain("claude-bob.beat");
    expect(existsSync(beatOf("claude-bob"))).toBe(false);
    await ok(bob.sandbox, "add", "bob");
  });

  test("that cannot be read is none", async () => {
    await ok(bob.sandbox, "heartbeat", "bob");
    bob.sandbox.write(beatOf("claude-bob"), '{"version": 2}');
    expect(await bob.sandbox.json("show", "bob")).not.toHaveProperty("heartbeats");
    rmSync(beatOf("claude-bob"));
    mkdirSync(beatOf("claude-bob"));
    expect(await bob.sandbox.json("show", "bob")).not.toHaveProperty("heartbeats");
    const end = await bob.sandbox.iapeer("heartbeat", "bob");
    expect(end.status).toBe(0);
    expect(end.stderr).toContain("the heartbeat is not written");
    chmodSync(beatOf("claude-bob"), 0o700);
  });
});

describe("heartbeat -- COMMAND", () => {
  const wrap = (...args: string[]) => bob.sandbox.start(["heartbeat", ...args]);

  test("becomes the program: its words, its status, its end by a signal", async () => {
    const words = ["a b", "", "$HOME", "'", "--", "--every", "-x", "line\nend", "é"];
    const child = wrap("bob", "--", "sh", "-c", 'echo $$; printf "%s\\0" "$@"; exit 7', "zero", ...words);
    const { stdout, stderr, status } = await finish(child);
    expect([status, stderr]).toEqual([7, ""]);
    expect(stdout.slice(0, stdout.indexOf("\n"))).toBe(String(child.pid));
    expect(
      stdout
        .slice(stdout.indexOf("\n") + 1)
        .split("\0")
        .slice(0, -1),
    ).toEqual(words);
    expect((await finish(wrap("bob", "--", "sh", "-c", "kill -s SEGV $$"))).signal).toBe("SIGSEGV");
  });

  test.skipIf(process.platform !== "linux")(
    "leaves it the signals, the limits and the variables that iapeer was called with",
    async () => {
      const show = "grep -E '^Sig(Ign|Blk|Cgt)' /proc/self/status; ulimit -n; printenv ODD | od -An -c";
      const call = `ulimit -Sn 100; ODD=$(printf 'a\\377b') "$@" sh -c "${show}"`;
      const run = async (...before: string[]) =>
        await finish(
          Bun.spawn(["sh", "-c", call, "sh", ...before], {
            env: bob.sandbox.env,
            stdin: "ignore",
            stdout: "pipe",
            stderr: "pipe",
          }),
        );
      const plain = await run("env");
      expect(plain.stdout).toContain("377");
      expect(await run(BINARY, "heartbeat", "bob", "--")).toEqual(plain);
    },
  );

  test("is healthy in a session of its own, without a name, and goes with it", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script(
      "wrapped",
      `exec '${BINARY}' heartbeat --every 1s -- '${bob.sandbox.env["IAPEER_CLAUDE_BIN"]}'`,
    );
    const session = await launchPeer(bob.sandbox, "bob");
    await until("it beats", () => existsSync(beatOf("claude-bob")));
    const first = readFileSync(beatOf("claude-bob"), "utf8");
    await until("it beats again", () => readFileSync(beatOf("claude-bob"), "utf8") !== first);
    await tellAgent(session, "exit 7");
    await untilGone(session.server);
    await until("its end is recorded", () => bob.readLog("exits.log").length > 0);
    expect(bob.readLog("exits.log")).toMatchObject([{ ev: "session-exit", dead_status: "7" }]);
    await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "stop", "bob");
    expect(processesOf(bob.sandbox)).toEqual([]);
  });

  test("of another root's session becomes the program, with a warning", async () => {
    const end = await bob.sandbox.iapeerWith({ PEER_IDENTITY: "claude-eve" }, "heartbeat", "--", "echo", "here");
    expect(end).toMatchObject({ status: 0, stdout: "here\n" });
    expect(end.stderr).toContain("claude-eve was not launched from");
  });

  test.each([
    [["bob", "--every", "1s"], "usage", 2],
    [["bob", "--every", "soon", "--", "true"], "usage", 2],
    [["bob", "--every", "0s", "--", "true"], "usage", 2],
    [["bob", "--every", "25h", "--", "true"], "usage", 2],
    [["bob", "--if-answers", "1", "--", "true"], "usage", 2],
    [["bob", "--if-answers", "1"], "usage", 2],
    [["bob", "--if-answers", "bash"], "usage", 2],
    [["nobody", "--", "true"], "peer-not-found", 3],
  ])("%p is refused", async (args, code, status) => {
    const dashes = args.indexOf("--");
    const end = await bob.sandbox.iapeer("heartbeat", ...args.toSpliced(dashes === -1 ? args.length : dashes, 0, "--json"));
    expect([errorLine(end).code as string, end.status]).toEqual([code, status]);
  });

  test("a word that is not UTF-8 is refused, and does not become another", async () => {
    const child = Bun.spawn(["sh", "-c", `exec '${BINARY}' heartbeat bob -- echo "$(printf 'a\\377b')"`], {
      env: bob.sandbox.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await finish(child)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("not UTF-8") as unknown });
  });
});

test("--if-answers gives a heartbeat of a process that answers, and else says why not", async () => {
  const child = Bun.spawn(["sleep", "600"], { stdin: "ignore" });
  const call = async () => {
    const { status, stdout, stderr } = await bob.sandbox.iapeer("heartbeat", "bob", "--if-answers", String(child.pid), "--json");
    return { status, stderr, written: (JSON.parse(stdout) as { written: boolean }).written };
  };
  expect(await call()).toEqual({ status: 0, stderr: "", written: true });
  child.kill("SIGSTOP");
  await until("it is stopped", async () => (await call()).status === 1);
  expect(await call()).toEqual({ status: 1, stderr: `no heartbeat: the process ${child.pid} is stopped\n`, written: false });
  child.kill("SIGKILL");
  await child.exited;
  expect(await call()).toMatchObject({ status: 1, written: false, stderr: expect.stringContaining("has ended") as unknown });
});
