// The words of `status` about live servers and the socket folder.
import { expect, test } from "bun:test";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ok } from "../support/calls.ts";
import { startServer } from "../support/live-peer.ts";
import { openSandbox } from "../support/sandbox.ts";
import { readSession, recorderOf, signal, untilGone } from "../support/session.ts";
import { startStranger } from "../support/stranger.ts";

test("a live server with a canary needs nobody", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  await using _alpha = await startServer(sandbox, "claude-alpha");
  expect(await sandbox.json("status")).toMatchObject({ ok: true, peers: { live: 1 }, servers_without_canary: [], attention: [] });
});

test("a live server without one is named, with what gives it one", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  await ok(sandbox, "add", "beta");
  await using _alpha = await startServer(sandbox, "claude-alpha");
  await using _beta = await startServer(sandbox, "claude-beta");
  const recorder = recorderOf(readSession(sandbox, "claude-alpha"))!;
  signal("KILL", recorder);
  await untilGone(recorder);
  const { ok: isOk, servers_without_canary: unwatched, attention } = await sandbox.json("status");
  expect({ isOk, unwatched, attention }).toEqual({
    isOk: false,
    unwatched: ["claude-alpha"],
    attention: [
      {
        message: expect.stringMatching(/^claude-alpha is live without a canary: its recorder \(pid \d+\) is gone$/),
        hint: "iapeer supervise --once",
      },
    ],
  });
  await ok(sandbox, "supervise", "--once");
  expect((await sandbox.json("status")).servers_without_canary).toEqual([]);
});

test("of one that was dismissed the hint is what takes that back", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  await using _alpha = await startServer(sandbox, "claude-alpha");
  await ok(sandbox, "canary", "dismiss", "alpha");
  const { attention } = await sandbox.json("status");
  expect(attention).toEqual([
    { message: "claude-alpha is live without a canary: dismissed", hint: "iapeer canary arm alpha --runtime claude" },
  ]);
  await ok(sandbox, "canary", "arm", "alpha", "--runtime", "claude");
  expect((await sandbox.json("status")).ok).toBe(true);
});

test("a server that somebody started by hand has none", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  await using _server = await startStranger(sandbox, "claude-alpha");
  expect(await sandbox.json("status")).toMatchObject({ ok: false, servers_without_canary: ["claude-alpha"] });
});

test("a socket folder that others may enter is said once, and not of every peer", async () => {
  using sandbox = openSandbox();
  for (const name of ["alpha", "beta", "gamma"]) await ok(sandbox, "add", name, "--no-provision");
  sandbox.write(join(sandbox.root, "socks/x"), "");
  chmodSync(join(sandbox.root, "socks"), 0o755);
  const { attention, peers } = await sandbox.json("status");
  expect(attention).toEqual([
    {
      message: `the socket folder ${join(sandbox.root, "socks")} may be entered by others (mode 0755): nobody's session can be told or reached`,
      hint: "iapeer doctor",
    },
  ]);
  expect(peers.unknown).toBe(3);
});

test("a registry that differs from the profiles is said, with what shows where", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha", "--no-provision");
  rmSync(join(sandbox.root, "peers/alpha/.iapeer/peer-profile.json"));
  expect((await sandbox.json("status")).attention).toEqual([
    { message: "the registry and the peers' cards differ: 1 difference", hint: "iapeer verify" },
  ]);
});
