import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../scripts/setup/lock.mjs";
import { arePackagesInstalled } from "../../scripts/setup/packages.mjs";
import { findMissing } from "../../scripts/setup/tools.mjs";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "iap-setup-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeLockfiles(wanted: object, installed: object): void {
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: { "": {}, ...wanted } }));
  writeFileSync(join(folder, "node_modules/.package-lock.json"), JSON.stringify({ packages: installed }));
}

const one = { version: "1.0.0", integrity: "sha512-x" };
const elsewhere = { ...one, optional: true, os: ["plan9"] };

test.each([
  ["what the lockfile asks for", { a: one }, { a: one }, true],
  ["another version", { a: one }, { a: { ...one, version: "1.0.1" } }, false],
  ["something else under the same version", { a: one }, { a: { ...one, integrity: "sha512-y" } }, false],
  ["less than the lockfile asks for", { a: one, b: one }, { a: one }, false],
  ["more than the lockfile asks for", { a: one }, { a: one, b: one }, false],
  ["all but an optional package", { a: one, b: elsewhere }, { a: one }, true],
  ["a package of another platform", { a: elsewhere }, { a: elsewhere }, false],
])("packages are installed or not when %s is there", (_what, wanted, installed, expected) => {
  writeLockfiles(wanted, installed);
  expect(arePackagesInstalled(folder)).toBe(expected);
});

test("packages count as not installed in a folder where npm never was", () => {
  expect(arePackagesInstalled(folder)).toBe(false);
});

test("a second set-up waits, says so once, and works after the first", async () => {
  const file = join(folder, "lock");
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const both = [
    withLock(file, { onWait: () => undefined, work: async () => { await first.promise; told.push("first"); } }),
    withLock(file, { onWait: () => { told.push("waits"); first.resolve(); }, work: () => void told.push("second") }),
  ];
  await Promise.all(both);
  expect(told).toEqual(["waits", "first", "second"]);
  expect(existsSync(file)).toBe(false);
});

test("a lock whose owner is gone is taken over at once", async () => {
  const gone = Bun.spawn(["true"]);
  await gone.exited;
  writeFileSync(join(folder, "lock"), String(gone.pid));
  expect(await withLock(join(folder, "lock"), { onWait: () => { throw new Error("it waited"); }, work: () => "done" })).toBe("done");
});

test("a lock is given back when the work fails", async () => {
  const file = join(folder, "lock");
  const failing = withLock(file, { onWait: () => undefined, work: () => { throw new Error("no network"); } });
  expect(failing).rejects.toThrow("no network");
  await failing.catch(() => undefined);
  expect(existsSync(file)).toBe(false);
});

test("only programs that PATH does not have are missing", () => {
  expect(findMissing({ need: ["sh", "no-such-program"], want: ["no-other-program", "cat"] })).toEqual({ need: ["no-such-program"], want: ["no-other-program"] });
});
