import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isHeld } from "../../src/core/disk/lock.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { incarnationPaths } from "../../src/status/incarnation/incarnation.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok, readJson } from "../support/calls.ts";
import { finish, until } from "../support/sandbox.ts";
import { callOutside, launchPeer, recorderOf, type Session, signal, untilGone } from "../support/session.ts";

const bob = useBob();
const { readLog } = bob;

const pathsOf = ({ identity, incarnation }: Session) => incarnationPaths(layoutFrom(bob.sandbox.env), identity, incarnation);

describe("supervise --once", () => {
  test("arms a server that lost its canary, logs it as a retrofit, and finds nothing to do the second time", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const recorder = recorderOf(session)!;
    signal("KILL", recorder);
    await untilGone(recorder);
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([{ identity: "claude-bob", action: "armed" }]);
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    expect(readLog("lifecycle.log").findLast(({ ev }) => ev === "canary")).toMatchObject({
      state: "armed",
      origin: "retrofit",
      witness: "client",
    });
  });

  test("leaves a dismissed server alone", async () => {
    await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "canary", "dismiss", "bob");
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    expect(await bob.sandbox.json("canary", "status")).toMatchObject([{ armed: false, reason: "dismissed" }]);
  });

  test("takes back the claim of a stop that was killed before it ended anything", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    // A process that is gone: who claimed, and did not come to the end.
    const gone = Bun.spawn(["sleep", "0"]);
    const { pid, start } = readProcess(gone.pid)!;
    await gone.exited;
    writeFileSync(
      pathsOf(session).claim,
      JSON.stringify({ version: 1, by: "stop", claimant: { pid, start }, ts: new Date().toISOString() }),
      { mode: 0o600 },
    );
    signal("TERM", recorderOf(session)!);
    await until("the recorder is gone", () => recorderOf(session) === undefined);
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([
      { identity: "claude-bob", action: "reclaimed" },
      { identity: "claude-bob", action: "armed" },
    ]);
    signal("KILL", session.server);
    await until("its death is recorded", () => readLog("exits.log").length === 1);
  });

  test("records what died with a boot of the host as that", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const { session: file } = pathsOf(session);
    signal("KILL", session.server, recorderOf(session)!);
    await untilGone(session.server);
    writeFileSync(file, JSON.stringify({ ...readJson(file), boot_id: "another-boot" }), { mode: 0o600 });
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([{ identity: "claude-bob", action: "recorded" }]);
    expect(readLog("exits.log")).toMatchObject([
      { ev: "server-exit", cause: "unwitnessed", verdict: "host-restart", server_pid: String(session.server.pid) },
    ]);
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    expect(readLog("exits.log")).toHaveLength(1);
  });

  test("makes no second record where the recorder was killed between its line and its mark", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    signal("KILL", session.server, recorderOf(session)!);
    await untilGone(session.server);
    bob.sandbox.write(
      join(bob.sandbox.root, "logs/iapeer/exits.log"),
      `ts=${new Date().toISOString()} ev=server-exit identity=claude-bob incarnation=${session.incarnation}\n`,
    );
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    expect(readLog("exits.log")).toHaveLength(1);
  });

  test("adopts a server that somebody else started for a registered peer", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "stop", "bob");
    await callOutside(session, "new-session", "-d", "-s", "claude-bob", "cat");
    const pid = Number(await callOutside(session, "display-message", "-p", "#{pid}"));
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([{ identity: "claude-bob", action: "armed" }]);
    process.kill(pid, "SIGKILL");
    await until("its death is recorded", () => readLog("exits.log").length === 1);
    expect(readLog("exits.log")).toMatchObject([{ server_pid: String(pid), witness: "client" }]);
  });

  test("leaves a server of another root alone", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "stop", "bob");
    await callOutside(session, "new-session", "-d", "-s", "claude-bob", "cat");
    await callOutside(session, "set-option", "-s", "@iap_incarnation", "99999999-9999-4999-8999-999999999999");
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    expect(await bob.sandbox.json("canary", "status")).toMatchObject([
      { armed: false, reason: "it was not launched from this root" },
    ]);
    await callOutside(session, "kill-server");
  });
});

describe("supervise", () => {
  test("is one at a time, looks again and again, and ends when it is asked to", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const running = bob.sandbox.start(["supervise", "--interval", "1"]);
    const lock = layoutFrom(bob.sandbox.env).superviseLock;
    await until("it is at it", () => isHeld(lock));
    const second = await bob.sandbox.iapeer("supervise", "--once", "--json");
    expect([second.status, errorLine(second).code]).toEqual([4, "lock-busy"]);
    const recorder = recorderOf(session)!;
    signal("KILL", recorder);
    await untilGone(recorder);
    await until("the server is watched again", () => recorderOf(session) !== undefined);
    running.kill("SIGTERM");
    expect((await finish(running)).status).toBe(143);
    expect(isHeld(lock)).toBe(false);
    // The recorder that it armed outlives it.
    expect(isRunning(recorderOf(session)!)).toBe(true);
  });

  test("that was killed leaves nothing behind that keeps the next one out", async () => {
    const running = bob.sandbox.start(["supervise"]);
    await until("it is at it", () => isHeld(layoutFrom(bob.sandbox.env).superviseLock));
    running.kill("SIGKILL");
    await running.exited;
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
  });

  test.each([
    [["--print"], "--print goes with --install"],
    [["--once", "--install"], "only one of"],
    [["--once", "--interval", "5"], "--interval does not go with"],
    [["--interval", "0"], "--interval takes a whole number"],
  ])("refuses %p", async (args, message) => {
    const refused = await bob.sandbox.iapeer("supervise", ...args);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(message);
  });
});

describe.skipIf(process.platform !== "linux")("supervise --install", () => {
  /** A systemctl that writes down what it was asked. */
  function fakeSystemctl(): { env: Record<string, string>; asked: () => string } {
    const asked = join(bob.sandbox.folder, "asked");
    bob.sandbox.script(
      "bin/systemctl",
      `echo "$*" >>'${asked}'; [ ! -e '${bob.sandbox.folder}/refuse' ] || { echo no bus >&2; exit 1; }`,
    );
    return { env: { PATH: `${bob.sandbox.folder}/bin:${bob.sandbox.env["PATH"]}` }, asked: () => readFileSync(asked, "utf8") };
  }
  const unit = () => join(bob.sandbox.home, ".config/systemd/user/iapeer-supervise.service");

  test("--print shows the unit and changes nothing", async () => {
    const { env } = fakeSystemctl();
    const { stdout, status } = await bob.sandbox.iapeerWith(env, "supervise", "--install", "--print");
    expect(status).toBe(0);
    expect(stdout).toContain("OOMPolicy=continue");
    expect(stdout).toContain(`IAPEER_ROOT=${bob.sandbox.root}`);
    expect(existsSync(unit())).toBe(false);
  });

  test("writes and enables it; --uninstall disables it before it goes", async () => {
    const { env, asked } = fakeSystemctl();
    expect((await bob.sandbox.iapeerWith(env, "supervise", "--install")).status).toBe(0);
    expect(readFileSync(unit(), "utf8")).toContain("Restart=on-failure");
    expect(asked()).toBe(
      "--user daemon-reload\n--user enable iapeer-supervise.service\n--user restart iapeer-supervise.service\n",
    );
    expect((await bob.sandbox.iapeerWith(env, "supervise", "--uninstall")).status).toBe(0);
    expect(existsSync(unit())).toBe(false);
    expect(asked().split("\n").slice(3)).toEqual(["--user disable --now iapeer-supervise.service", "--user daemon-reload", ""]);
  });

  test("says what the service manager said when that refuses", async () => {
    const { env } = fakeSystemctl();
    bob.sandbox.write("refuse", "");
    const refused = await bob.sandbox.iapeerWith(env, "supervise", "--install", "--json");
    expect(refused.status).toBe(1);
    expect(errorLine(refused).message).toContain("no bus");
  });
});
