// A log that cannot be trusted is told as that by every command that reads it, and is never "no deaths".
import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findUntrustedLogs } from "../../src/core/disk/log-files.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { errorLine } from "../support/calls.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { registerBy } from "../support/session.ts";

const LINE = "ts=2026-01-02T09:30:00.000Z ev=session-exit identity=claude-bob dead_status=7 dead_signal=\n";
const isRoot = process.geteuid!() === 0;

type Kind = readonly [what: string, why: string, plant: (path: string, sandbox: Sandbox) => unknown];

/** Only root can make these. */
const OF_ROOT: readonly Kind[] = [
  [
    "another user's file",
    "belongs to another user (uid 65534)",
    (path) => (writeFileSync(path, LINE), chownSync(path, 65_534, 65_534)),
  ],
  ["a device", "is a device", (path) => Bun.spawnSync(["mknod", path, "c", "1", "5"])],
];

const KINDS: readonly Kind[] = [
  ["a folder", "is a folder", (path) => mkdirSync(path)],
  ["a FIFO", "is a FIFO", (path) => Bun.spawnSync(["mkfifo", "-m", "600", path])],
  ["a link elsewhere", "is a symbolic link", (path, sandbox) => symlinkSync(sandbox.write("elsewhere", LINE), path)],
  ["a link that leads nowhere", "is a symbolic link", (path) => symlinkSync("nowhere", path)],
  ["a link to a device", "is a symbolic link", (path) => symlinkSync("/dev/zero", path)],
  ["a file that others may write", "may be written by others", (path) => (writeFileSync(path, LINE), chmodSync(path, 0o666))],
  ...(isRoot ? OF_ROOT : []),
];

async function openSpoiled(plant: Kind[2], name = "exits.log"): Promise<{ sandbox: Sandbox; path: string }> {
  const sandbox = openSandbox();
  await registerBy(sandbox, "bob");
  const path = join(sandbox.root, "logs/iapeer", name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  plant(path, sandbox);
  return { sandbox, path };
}

test.each(KINDS)("deaths refuses %s", async (_, why, plant) => {
  const { sandbox, path } = await openSpoiled(plant);
  using _sandbox = sandbox;
  const finished = await sandbox.iapeer("deaths", "--json");
  expect([finished.status, finished.stdout]).toEqual([5, ""]);
  expect(errorLine(finished)).toMatchObject({
    code: "log-untrusted",
    message: expect.stringContaining(`the log ${path} ${why}`),
    hint: expect.stringContaining(path),
    details: { path },
  });
});

test.each(["exits.log", "exits.log.1", "exits.log.3"])("each command that looks tells of a FIFO at %s", async (name) => {
  const { sandbox, path } = await openSpoiled(KINDS[1]![2], name);
  using _sandbox = sandbox;
  const message = `the log ${path} is a FIFO`;
  const status = await sandbox.json("status");
  expect(status).toMatchObject({ ok: false, deaths_last_day: null });
  expect(status.attention).toContainEqual({ message, hint: expect.stringContaining(`mv '${path}'`), code: "log-untrusted" });
  const list = await sandbox.iapeer("list");
  expect([list.status, list.stderr]).toEqual([0, `warning: ${message}\n`]);
  expect(await sandbox.json("show", "bob")).toMatchObject({
    last_death: null,
    last_death_unknown: { code: "log-untrusted", message },
  });
  const { checks } = await sandbox.json("doctor", "--no-self-test");
  expect(checks).toContainEqual({ check: "logs", state: "error", message, hint: expect.stringContaining("mv ") });
  expect((await sandbox.iapeer("show", "bob")).stdout).toContain(`cannot be told: ${message}`);
});

test("status and doctor tell of the log of decisions too, and of each of its old ones", async () => {
  const { sandbox, path } = await openSpoiled((at) => mkdirSync(at), "lifecycle.log.2");
  using _sandbox = sandbox;
  const message = `the log ${path} is a folder`;
  expect((await sandbox.json("status")).attention).toEqual([expect.objectContaining({ message, code: "log-untrusted" })]);
  expect((await sandbox.json("doctor", "--no-self-test")).checks).toContainEqual(
    expect.objectContaining({ check: "logs", message }),
  );
  expect((await sandbox.iapeer("deaths")).status).toBe(0);
});

test.each(KINDS)("a look finds %s without opening it", async (_, why, plant) => {
  const { sandbox, path } = await openSpoiled(plant, "exits.log.2");
  using _sandbox = sandbox;
  expect(findUntrustedLogs(layoutFrom(sandbox.env).exitsLog).map(({ code, message }) => [code, message])).toEqual([
    ["log-untrusted", `the log ${path} ${why}`],
  ]);
});
