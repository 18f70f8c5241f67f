import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import { judgeMemory, readMemory, readNote, writeNote } from "../../src/provision/memory-state.ts";
import type { MemoryState, ProvisionNote } from "../../src/provision/types.ts";
import { openScratch, type Scratch } from "../support/scratch.ts";

const NOW = { provider: "mem", version: "2" };
const NOTE: ProvisionNote = {
  version: 1,
  occasion: "birth",
  state: "ok",
  provider: "mem",
  provider_version: "2",
  ts: "2026-01-01T00:00:00.000Z",
};

describe("whether an identity has the host's memory", () => {
  test.each<[string, Partial<ProvisionNote> | undefined, typeof NOW | undefined, MemoryState]>([
    ["no run was ever noted", undefined, NOW, "none"],
    ["its birth went well", {}, NOW, "attached"],
    ["a sweep went well", { occasion: "sweep-on" }, NOW, "attached"],
    ["its plugin was installed", { state: "installed" }, NOW, "attached"],
    ["its plugin was there already", { state: "already", occasion: "sweep-on" }, NOW, "attached"],
    ["the slot has another version by now", { provider_version: "1" }, NOW, "drifted"],
    ["the slot has another provider by now", { provider: "other" }, NOW, "drifted"],
    ["the slot is empty by now", {}, undefined, "drifted"],
    ["the last run failed", { state: "failed" }, NOW, "failed"],
    ["the last run took too long", { state: "timeout" }, NOW, "failed"],
    ["the command was none", { state: "not-executable" }, undefined, "failed"],
    ["the last run was interrupted", { state: "interrupted" }, NOW, "failed"],
    ["detaching failed", { state: "failed", occasion: "off-peer" }, NOW, "failed"],
    ["it was detached", { occasion: "off-peer" }, NOW, "none"],
    ["all were detached", { occasion: "off-all" }, undefined, "none"],
    ["its removal has begun", { occasion: "remove" }, NOW, "none"],
    ["the note has a state of the future", { state: "sublime" }, NOW, "failed"],
  ])("when %s", (_, note, slot, state) => {
    expect(judgeMemory(note && { ...NOTE, ...note }, slot)).toBe(state);
  });
});

describe("the note of an identity", () => {
  let scratch: Scratch;
  let layout: Layout;
  beforeEach(() => {
    scratch = openScratch();
    layout = layoutFrom({ IAPEER_ROOT: scratch.path, IAPEER_TEST_SANDBOX: "1" });
  });
  afterEach(() => scratch[Symbol.dispose]());
  const path = () => `${layout.stateFolder}/claude-a.provision.json`;

  test("reads back as it was written, private, and only for its identity", () => {
    writeNote(layout, "claude-a", { ...NOTE, detail: "é\n\u0000\u2028" });
    expect(readNote(layout, "claude", "a")).toEqual({ ...NOTE, detail: "é\n\u0000\u2028" });
    expect(readNote(layout, "codex", "a")).toBeUndefined();
    const { version: _, ...lastRun } = readNote(layout, "claude", "a")!;
    expect(readMemory(layout, { personality: "a", runtimes: ["codex", "web", "claude"] }, NOW)).toEqual([
      { runtime: "codex", memory: "none" },
      { runtime: "claude", memory: "attached", ...lastRun },
    ]);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test.each<[string, () => void]>([
    ["is not JSON", () => writeFileSync(path(), "{", { mode: 0o600 })],
    ["is of another version", () => writeFileSync(path(), JSON.stringify({ ...NOTE, version: 2 }), { mode: 0o600 })],
    ["lacks its state", () => writeFileSync(path(), JSON.stringify({ ...NOTE, state: undefined }), { mode: 0o600 })],
    ["is a folder", () => mkdirSync(path())],
    ["is a link", () => symlinkSync("/etc/passwd", path())],
    ["may be written by others", () => (writeFileSync(path(), JSON.stringify(NOTE)), chmodSync(path(), 0o666))],
  ])("that %s is as good as none", (_, make) => {
    mkdirSync(layout.stateFolder, { recursive: true });
    make();
    expect(readNote(layout, "claude", "a")).toBeUndefined();
  });
});
