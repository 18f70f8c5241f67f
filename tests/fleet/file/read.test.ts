import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { readFleet, surroundingsOf } from "../../../src/fleet/file/file.ts";
import { layoutFrom } from "../../../src/core/layout.ts";
import { SURROUNDINGS } from "../../support/fleet.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";

const TEXT = "version: 1\npolicy: none\nagents:\n  - { name: a, class: tester, working_directory: app }\n";

function write(scratch: Scratch, mode = 0o600, text: string | Uint8Array = TEXT): string {
  const path = scratch.at("fleet.yaml");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const told = (path: string) => {
  const { fleet, problems } = readFleet(path, SURROUNDINGS);
  return {
    hasFleet: fleet !== undefined,
    told: problems.map(({ code, severity, line, column }) => `${severity} ${code} ${line}:${column}`),
  };
};

test("nothing is told of a file that is all right, and its text comes with it", () => {
  using scratch = openScratch();
  expect(readFleet(write(scratch), SURROUNDINGS)).toMatchObject({ text: TEXT, problems: [], fleet: { agents: [{ name: "a" }] } });
});

test("a file that is not there is missing, and that is no problem of its", () => {
  using scratch = openScratch();
  expect(readFleet(scratch.at("none.yaml"), SURROUNDINGS)).toEqual({ problems: [], isMissing: true });
});

test("a link is followed, and a relative folder is beside the file that it leads to", () => {
  using scratch = openScratch();
  mkdirSync(scratch.at("repository"));
  writeFileSync(scratch.at("repository", "fleet.yaml"), TEXT, { mode: 0o600 });
  symlinkSync(scratch.at("repository", "fleet.yaml"), scratch.at("link.yaml"));
  expect(readFleet(scratch.at("link.yaml"), SURROUNDINGS).fleet?.agents[0]?.workingDirectory).toBe(
    scratch.at("repository", "app"),
  );
});

test.each<[string, number, string[], boolean]>([
  ["everybody", 0o606, ["error fleet-insecure 1:1"], false],
  ["its group", 0o660, ["warning fleet-group-writable 1:1"], true],
  ["everybody and its group", 0o666, ["error fleet-insecure 1:1"], false],
  ["its owner alone, and read by all", 0o644, [], true],
])("a file that may be written by %s", (_, mode, problems, hasFleet) => {
  using scratch = openScratch();
  expect(told(write(scratch, mode))).toEqual({ hasFleet, told: problems });
});

test("what a link leads to is judged, and not the link", () => {
  using scratch = openScratch();
  symlinkSync(write(scratch, 0o666), scratch.at("link.yaml"));
  expect(told(scratch.at("link.yaml")).told).toEqual(["error fleet-insecure 1:1"]);
});

test("what else is wrong with a file that others may write is told too", () => {
  using scratch = openScratch();
  expect(told(write(scratch, 0o666, `${TEXT}conector: {}\n`)).told).toEqual([
    "error fleet-insecure 1:1",
    "warning fleet-unknown-key 5:1",
  ]);
});

test.each<[string, (scratch: Scratch) => string, string]>([
  ["a folder", (scratch) => scratch.path, "is a folder"],
  [
    "a FIFO that nobody writes to",
    (scratch) => {
      Bun.spawnSync(["mkfifo", "-m", "600", scratch.at("fifo")]);
      return scratch.at("fifo");
    },
    "is a FIFO",
  ],
  ["a device", () => "/dev/null", "is not a regular file"],
  [
    "a link to nowhere",
    (scratch) => {
      symlinkSync("nowhere", scratch.at("link"));
      return scratch.at("link");
    },
    "is a symbolic link that leads nowhere",
  ],
  [
    "a link to itself",
    (scratch) => {
      symlinkSync("link", scratch.at("link"));
      return scratch.at("link");
    },
    "is a symbolic link that leads back to itself",
  ],
  [
    "a path through a file",
    (scratch) => `${write(scratch)}/more`,
    "cannot be read: a part of the path is not a folder (ENOTDIR)",
  ],
  [
    "a file of more than 1 MiB",
    (scratch) => write(scratch, 0o600, `${TEXT}#${"x".repeat(1024 * 1024)}\n`),
    "more than the 1048576 that iapeer reads",
  ],
  ["bytes that are no UTF-8", (scratch) => write(scratch, 0o600, new Uint8Array([0x61, 0xff])), "is not UTF-8"],
])("%s is refused, and nothing is thrown or waited for", (_, make, why) => {
  using scratch = openScratch();
  const { fleet, problems } = readFleet(make(scratch), SURROUNDINGS);
  expect(fleet).toBeUndefined();
  expect(problems.map(({ code, message }) => [code, message.includes(why)])).toContainEqual(["fleet-unreadable", true]);
});

describe("a mebibyte of", () => {
  test.each<[string, string]>([
    ["brackets", "[".repeat(1024 * 1024)],
    ["braces", "{a: ".repeat(256 * 1024)],
    ["dashes", "- ".repeat(512 * 1024)],
    [
      "anchors and aliases",
      `version: 1\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [${i === 0 ? "x" : `*k${i - 1}, *k${i - 1}`}]`).join("\n")}\n`,
    ],
  ])(
    "%s is judged, with few problems",
    (_, text) => {
      using scratch = openScratch();
      const { fleet, problems } = readFleet(write(scratch, 0o600, text), SURROUNDINGS);
      expect(fleet).toBeUndefined();
      expect(problems.length).toBeLessThan(100);
    },
    120_000,
  );
});

test("a runtime is known by itself, by its runtime.json, or by its program on PATH", () => {
  using scratch = openScratch();
  mkdirSync(scratch.at("runtimes", "own"), { recursive: true });
  writeFileSync(scratch.at("runtimes", "own", "runtime.json"), "{}");
  mkdirSync(scratch.at("bin"));
  writeFileSync(scratch.at("bin", "telegram-runtime"), "#!/bin/sh\n", { mode: 0o755 });
  const env = { IAPEER_ROOT: scratch.path, PATH: scratch.at("bin"), HOME: scratch.path };
  const { hasRuntime } = surroundingsOf(layoutFrom(env), env);
  expect(["claude", "pi", "own", "telegram", "other"].filter(hasRuntime)).toEqual(["claude", "pi", "own", "telegram"]);
});
