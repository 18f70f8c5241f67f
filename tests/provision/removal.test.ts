import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { detachAtRemoval, purgePeer, purgeRuntime } from "../../src/provision/removal.ts";
import type { Slot } from "../../src/status/slot/types.ts";
import { type Host, openHost } from "../support/provision.ts";

let host: Host;
beforeEach(() => {
  host = openHost();
  mkdirSync(host.layout.stateFolder, { recursive: true });
});
afterEach(() => host[Symbol.dispose]());

function unprovision(body = "exit 0"): Partial<Slot> {
  const command = host.provider("unprovision", `echo "$*" >> "$host/calls"; ${body}`);
  return { unprovision: { command, args: ["{cwd}", "{runtime}", "{occasion}"] } };
}

const keep = (...names: readonly string[]) => names.forEach((name) => writeFileSync(`${host.layout.stateFolder}/${name}`, ""));
const kept = () => readdirSync(host.layout.stateFolder).toSorted();

test("the provider's unprovision command runs per agentic runtime, and a failure stops nothing", async () => {
  const target = host.peer("alpha", "claude", "telegram", "codex");
  const rows = await detachAtRemoval(target, [target], host.context(unprovision("echo no >&2; exit 4")));
  expect(rows).toMatchObject([
    { runtime: "claude", state: "failed", detail: "no" },
    { runtime: "codex", state: "failed", detail: "no" },
  ]);
  expect(host.lines("calls")).toEqual([`${target.cwd} claude remove`, `${target.cwd} codex remove`]);
});

test("memory is detached from a peer whose folder is gone already", async () => {
  const target = host.peer("alpha", "claude");
  rmSync(target.cwd, { recursive: true });
  expect(await detachAtRemoval(target, [target], host.context(unprovision()))).toMatchObject([{ state: "ok" }]);
});

test.each<[string, Partial<Slot> | undefined]>([
  ["an empty slot", undefined],
  ["a provider without unprovision", { provision: { command: "/bin/false", args: [] } }],
  [
    "a plugin beside provision, which is ignored",
    { provision: { command: "/bin/false", args: [] }, plugin: { name: "n", marketplace: "m" } },
  ],
  ["a provider that declares nothing", {}],
])("%s has nothing to detach", async (_, slot) => {
  const target = host.peer("alpha", "claude");
  const context = host.context(slot ?? {});
  expect(await detachAtRemoval(target, [target], slot === undefined ? { ...context, slot: undefined } : context)).toEqual([]);
});

test("an interruption begins no further runtime", async () => {
  const target = host.peer("alpha", "claude", "codex");
  expect(await detachAtRemoval(target, [target], host.context(unprovision(), AbortSignal.abort()))).toEqual([]);
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
  const names = await purgePeer(host.peer("alpha", "claude", "codex", "telegram"), host.context({}));
  expect(names.toSorted()).toEqual([
    "claude-alpha.canary",
    "claude-alpha.provision.json",
    "claude-alpha.stopped",
    "codex-alpha.provision.json",
  ]);
  expect(kept()).toEqual(["claude-alpha", "claude-alpha-b.stopped", "claude-alpha2.stopped", "xclaude-alpha.stopped"]);
});

test("purging one runtime leaves the peer's others, and purging nothing is no error", () => {
  keep("claude-alpha.stopped", "codex-alpha.stopped");
  expect(purgeRuntime(host.layout, "claude", "alpha")).toEqual(["claude-alpha.stopped"]);
  expect(purgeRuntime(host.layout, "claude", "alpha")).toEqual([]);
  rmSync(host.layout.stateFolder, { recursive: true });
  expect(purgeRuntime(host.layout, "codex", "alpha")).toEqual([]);
});
