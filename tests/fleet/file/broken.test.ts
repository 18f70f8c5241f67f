import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readFleet } from "../../../src/fleet/file/file.ts";
import { PROBLEM_SEVERITY } from "../../../src/fleet/file/severity.ts";
import { SURROUNDINGS } from "../../support/fleet.ts";

const FOLDER = join(import.meta.dir, "broken");
const NAMES = [...new Bun.Glob("*.yaml").scanSync(FOLDER)].map((file) => file.slice(0, -".yaml".length)).toSorted();

interface Expected {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly path: string;
  readonly hint?: string;
}

function expectedOf(name: string): Expected[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as Expected[];
}

test.each(NAMES)("everything that is wrong with %s.yaml is told at once, each with its place", (name) => {
  const path = join(FOLDER, `${name}.yaml`);
  // Git keeps of a mode whether others may execute, and the rest is the umask's.
  const { problems, fleet } = readFleet(path, SURROUNDINGS);
  const told = problems.filter(({ code }) => code !== "fleet-group-writable" && code !== "fleet-insecure");
  expect(told.map(({ message, ...rest }) => ({ ...rest, message: message.replaceAll(FOLDER, "<folder>") })) as unknown).toEqual(
    expectedOf(name).map((one) => ({ ...one, file: path })),
  );
  if (problems.length === told.length) expect(fleet === undefined).toBe(problems.some(({ severity }) => severity === "error"));
});

test("every code that a text alone can have is in one of these files", () => {
  const told = new Set(NAMES.flatMap((name) => expectedOf(name).map(({ code }) => code)));
  expect(Object.keys(PROBLEM_SEVERITY).filter((code) => !told.has(code))).toEqual(["fleet-insecure", "fleet-group-writable"]);
});
