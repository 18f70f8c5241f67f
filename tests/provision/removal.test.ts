import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tryHold } from "../../src/core/disk/lock.ts";
import { listKeptRuntimes } from "../../src/provision/memory-state.ts";
import { detachAtRemoval, purgePeer } from "../../src/provision/provision.ts";
import type { Target } from "../../src/provision/types.ts";
import type { Slot } from "../../src/status/slot/types.ts";
import { openHost, QUIET, type TestHost } from "../support/provision.ts";

let host: TestHost;
beforeEach(() => {
  host = openHost();
  mkdirSync(host.layout.stateFolder, { recursive: true });
});
afterEach(() => host[Symbol.dispose]());

function unprovision(body = "exit 0"): Partial<Slot> {
  const command = host.provider("unprovision", `echo "$*" >> "$host/calls"; ${body}`);
  return { unprovision: { command, args: ["{cwd}", "{runtime}", "{occasion}"] } };
}

async function detach(target: Target, declared: Partial<Slot> | undefined, signal = QUIET) {
  return await detachAtRemoval(host, { slot: declared && host.slot(declared), target, allTargets: [target] }, signal);
}

const alone = (target: Target) => ({ target, sharers: () => [] });

const keep = (...names: readonly string[]) => names.forEach((name) => writeFileSync(`${host.layout.stateFolder}/${name}`, ""));
const kept = () => readdirSync(host.layout.stateFolder).toSorted();

test("the provider's unprovision command runs per agentic runtime, and a failure stops nothing", async () => {
  const target = host.peer("alpha", "claude", "telegram", "codex");
  const rows = await detach(target, unprovision("echo no >&2; exit 4"));
  expect(rows).toMatchObject([
    { runtime: "claude", state: "failed", detail: "no" },
    { runtime: "codex", state: "failed", detail: "no" },
  ]);
  expect(host.lines("calls")).toEqual([`${target.cwd} claude remove`, `${target.cwd} codex remove`]);
});

test("memory is detached from a peer whose folder is gone already", async () => {
  const target = host.peer("alpha", "claude");
  rmSync(target.cwd, { recursive: true });
  expect(await detach(target, unprovision())).toMatchObject([{ state: "ok" }]);
});

const STAYS = ['provider "mem" declares no unprovision command: what it attached to alpha stays'];

test.each<[string, Partial<Slot> | undefined, string[]]>([
  ["an empty slot", undefined, []],
  ["a provider without unprovision", { provision: { command: "/bin/false", args: [] } }, STAYS],
  [
    "a plugin beside provision, which is ignored",
    { provision: { command: "/bin/false", args: [] }, plugin: { name: "n", marketplace: "m" } },
    STAYS,
  ],
  ["a provider that declares nothing", {}, []],
])("%s has nothing to detach", async (_, slot, warnings) => {
  const target = host.peer("alpha", "claude");
  expect(await detach(target, slot)).toEqual([]);
  expect(host.warnings).toEqual(warnings);
});

test("an interruption begins no further runtime", async () => {
  const target = host.peer("alpha", "claude", "codex");
  expect(await detach(target, unprovision(), AbortSignal.abort())).toEqual([]);
  expect(existsSync(host.at("calls"))).toBe(false);
});

test("everything kept about the identity is purged, and nothing of its neighbours", async () => {
  keep(
    "claude-alpha.provision.json",
    "claude-alpha.stopped",
    "codex-alpha.provision.json",
    "claude-alpha2.stopped",
    "claude-alpha-b.stopped",
    "xclaude-alpha.stopped",
    "claude-alpha",
  );
  mkdirSync(`${host.layout.stateFolder}/claude-alpha.canary/inner`, { recursive: true });
  const names = await purgePeer(host, alone(host.peer("alpha", "claude", "codex", "telegram")), QUIET);
  expect(names.toSorted()).toEqual([
    "claude-alpha.canary",
    "claude-alpha.provision.json",
    "claude-alpha.stopped",
    "codex-alpha.provision.json",
  ]);
  expect(kept()).toEqual(["claude-alpha", "claude-alpha-b.stopped", "claude-alpha2.stopped", "xclaude-alpha.stopped"]);
});

test("purging one runtime leaves the peer's others, and purging nothing is no error", async () => {
  const purge = async (runtime: string) => await purgePeer(host, alone(host.peer("alpha", runtime)), QUIET);
  keep("claude-alpha.stopped", "codex-alpha.stopped");
  expect(await purge("claude")).toEqual(["claude-alpha.stopped"]);
  expect(await purge("claude")).toEqual([]);
  rmSync(host.layout.stateFolder, { recursive: true });
  expect(await purge("codex")).toEqual([]);
});

test("an interrupted purge keeps the mark of the trust that it did not take back", async () => {
  keep("codex-alpha.trusted-folder");
  mkdirSync(host.at("codex"));
  const held = tryHold(host.at("codex", ".iapeer.lock"))!;
  const purging = purgePeer(host, alone(host.peer("alpha", "codex")), AbortSignal.abort());
  expect(await purging.catch((error: unknown) => error)).toMatchObject({ code: "interrupted" });
  closeSync(held);
  expect(kept()).toEqual(["codex-alpha.trusted-folder"]);
});

test("runtimes that only a file in the state folder names are listed after the peer's own", () => {
  keep("claude-alpha.stopped", "codex-alpha.provision.json", "codex-alpha2.stopped", "pi-beta.stopped", "notes.txt");
  expect(listKeptRuntimes(host.layout, host.peer("alpha", "telegram", "claude"))).toEqual(["telegram", "claude", "codex"]);
});
