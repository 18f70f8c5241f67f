import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { tryHold } from "../../src/core/disk/lock.ts";
import { readNote } from "../../src/provision/memory-state.ts";
import { attachAtBirth } from "../../src/provision/provision.ts";
import type { Slot } from "../../src/status/slot/types.ts";
import { openHost, QUIET, type TestHost } from "../support/provision.ts";

let host: TestHost;
beforeEach(() => {
  host = openHost();
});
afterEach(() => host[Symbol.dispose]());

/** Notes each call, and what it finds of claude's own memory. */
function recorder(exit = 0): Partial<Slot> {
  const command = host.provider(
    "provision",
    `echo "$*" >> "$host/calls"; cat "$1/.claude/settings.json" >> "$host/settings" 2>/dev/null; exit ${exit}`,
  );
  return { provision: { command, args: ["{cwd}", "{runtime}", "{personality}", "{occasion}"] } };
}

async function give(declared: Partial<Slot>, runtimes: readonly string[], signal = QUIET) {
  const target = host.peer("alpha", ...runtimes);
  return await attachAtBirth(host, { slot: host.slot(declared), target, runtimes, allTargets: [target] }, signal);
}

test("the provider's command runs once per new agentic runtime, in the peer's order, and for no other", async () => {
  const rows = await give(recorder(), ["codex", "telegram", "claude"]);
  expect(rows).toEqual([
    { personality: "alpha", runtime: "codex", state: "ok" },
    { personality: "alpha", runtime: "claude", state: "ok" },
  ]);
  const cwd = host.at("peers", "alpha");
  expect(host.lines("calls")).toEqual([`${cwd} codex alpha birth`, `${cwd} claude alpha birth`]);
});

test("the runtime's own memory is off before the provider runs", async () => {
  await give(recorder(), ["claude"]);
  expect(JSON.parse(readFileSync(host.at("settings"), "utf8"))).toMatchObject({ autoMemoryEnabled: false });
});

test("a provider that fails is a row and no throw; the next runtime is tried all the same", async () => {
  const command = host.provider("provision", `[ "$1" = claude ] || exit 0; echo broken >&2; exit 9`);
  const rows = await give({ provision: { command, args: ["{runtime}"] } }, ["claude", "codex"]);
  expect(rows).toMatchObject([
    { runtime: "claude", state: "failed", detail: "broken" },
    { runtime: "codex", state: "ok" },
  ]);
});

test("what came of a birth is kept with the identity", async () => {
  await give(recorder(7), ["claude"]);
  const note = readNote(host.layout, "claude", "alpha");
  expect(note).toMatchObject({ version: 1, occasion: "birth", state: "failed", provider: "mem", provider_version: "1.0.0" });
  expect(new Date(note!.ts).toISOString()).toBe(note!.ts);
});

test.each<[string, Partial<Slot>, string]>([
  ["only unprovision", { unprovision: { command: "/bin/false", args: [] } }, 'provider "mem" declares no provision command'],
  ["nothing", {}, 'provider "mem" declares nothing to run'],
])("a slot that declares %s runs nothing and warns", async (_, slot, warning) => {
  expect(await give(slot, ["claude"])).toEqual([]);
  expect(host.warnings).toEqual([expect.stringContaining(warning) as unknown as string]);
});

test("a plugin beside a provision command is ignored, even when the command fails", async () => {
  const slot = { ...recorder(1), plugin: { name: "n", marketplace: "m" } };
  expect(await give(slot, ["claude"])).toMatchObject([{ state: "failed" }]);
});

test("an interruption begins no further runtime", async () => {
  const abort = new AbortController();
  abort.abort();
  expect(await give(recorder(), ["claude", "codex"], abort.signal)).toEqual([]);
  expect(existsSync(host.at("calls"))).toBe(false);
});

test("an interruption ends the wait for another process that changes the same settings", async () => {
  const lock = join(dirname(host.layout.stateFolder), "native-memory.lock");
  mkdirSync(dirname(lock), { recursive: true });
  const held = tryHold(lock)!;
  const abort = new AbortController();
  const birth = give(recorder(), ["claude"], abort.signal);
  abort.abort();
  expect(await birth).toEqual([]);
  closeSync(held);
  expect(existsSync(host.at("peers", "alpha", ".claude"))).toBe(false);
  expect(existsSync(host.at("calls"))).toBe(false);
});

test("a peer whose folder is gone is a row that says so", async () => {
  const target = host.peer("alpha", "claude");
  rmSync(target.cwd, { recursive: true });
  const birth = { slot: host.slot(recorder()), target, runtimes: ["codex"], allTargets: [target] };
  const rows = await attachAtBirth(host, birth, QUIET);
  expect(rows).toMatchObject([{ state: "not-executable", detail: `the working folder ${target.cwd} does not exist` }]);
});
