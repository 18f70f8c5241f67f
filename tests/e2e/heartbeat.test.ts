// A sign of life from a runtime's own hook.
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { useBob } from "../support/bob.ts";
import { errorLine, modeOf, ok, readJson } from "../support/calls.ts";
import { until } from "../support/sandbox.ts";
import { launchPeer } from "../support/session.ts";
import { canRun } from "../support/script.ts";

const bob = useBob();
const stateFolder = () => join(bob.sandbox.root, "state/iapeer/lifecycle");
const beatOf = (identity: string) => join(stateFolder(), `${identity}.beat`);

describe("heartbeat", () => {
  test.each([[["bob"]], [["claude-bob"]], [["bob", "--runtime", "claude"]]])("%p writes the identity's stamp, and show has its age", async (args) => {
    expect(await bob.sandbox.json("show", "bob")).not.toHaveProperty("heartbeats");
    expect(await ok(bob.sandbox, "heartbeat", ...args)).toMatchObject({ stdout: "", stderr: "" });
    const beat = readJson(beatOf("claude-bob"));
    expect(beat).toEqual({ version: 1, ts: expect.any(String), boot_id: expect.any(String), uptime_secs: process.platform === "linux" ? expect.any(Number) : null });
    expect(Math.abs(Date.parse(beat["ts"] as string) - Date.now())).toBeLessThan(10_000);
    expect(modeOf(beatOf("claude-bob"))).toBe("0600");
    const [shown] = (await bob.sandbox.json("show", "bob")).heartbeats;
    expect(shown).toEqual({ runtime: "claude", age_secs: expect.any(Number) });
    expect(shown.age_secs).toBeWithin(0, 10);
    expect((await ok(bob.sandbox, "show", "bob")).stdout).toMatch(/^alive claude:  last heartbeat \d s ago$/m);
  });

  test("without an argument is for the session that it is called in", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script("hooked", `'${process.cwd()}/dist/iapeer' heartbeat --json >'${bob.sandbox.folder}/out' 2>&1; exec sleep 600`);
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

  test.skipIf(process.platform === "linux" && !canRun("unshare", "-m"))("on a full disk is a warning, and the stamp before it stays", async () => {
    await ok(bob.sandbox, "heartbeat", "bob");
    const before = readFileSync(beatOf("claude-bob"), "utf8");
    const full = `mount -t tmpfs -o size=16k none '${stateFolder()}' && { cat /dev/zero >'${stateFolder()}/rest' 2>/dev/null; exec '${process.cwd()}/dist/iapeer' heartbeat bob; }`;
    const child = Bun.spawn(["unshare", "-m", "sh", "-c", full], { env: bob.sandbox.env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    expect([await child.exited, await child.stdout.text()]).toEqual([0, ""]);
    expect(await child.stderr.text()).toContain("the heartbeat is not written");
    expect(readFileSync(beatOf("claude-bob"), "utf8")).toBe(before);
  });

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
