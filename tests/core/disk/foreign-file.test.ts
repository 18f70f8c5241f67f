import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IapeerError } from "../../../src/model/errors.ts";
import { readForeignFile, rewriteForeignFile } from "../../../src/core/disk/foreign-file.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iapeer-foreign-"));
  file = join(folder, "settings.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const to = (text: string) => () => ({ state: "changed", text }) as const;

function errorOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof IapeerError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("a file that is not there reads as undefined, and is made with its folder when an edit wants it", () => {
  const missing = join(folder, "a", "b", "c.json");
  expect(readForeignFile(missing)).toBeUndefined();
  expect(
    rewriteForeignFile(missing, (text) => (text === undefined ? { state: "changed", text: "x" } : { state: "unchanged" })),
  ).toEqual({ state: "changed" });
  expect(readFileSync(missing, "utf8")).toBe("x");
  expect(statSync(missing).mode & 0o777).toBe(0o600);
});

test("a link stays a link, and what it leads to is changed and keeps its mode", () => {
  mkdirSync(join(folder, "dotfiles"));
  const real = join(folder, "dotfiles", "real.json");
  writeFileSync(real, "old");
  chmodSync(real, 0o644);
  symlinkSync(join("dotfiles", "real.json"), file);
  rewriteForeignFile(file, to("new"));
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, "utf8")).toBe("new");
  expect(statSync(real).mode & 0o777).toBe(0o644);
});

test("a file is made where its folder leads, when that is a link", () => {
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "link"));
  rewriteForeignFile(join(folder, "link", "x.toml"), to("a = 1\n"));
  expect(readdirSync(join(folder, "real"))).toEqual(["x.toml"]);
});

test.each([
  ["the edit says so", () => ({ state: "unchanged" }) as const],
  ["the text is the same", to("old")],
])("nothing is written when %s", (_, edit) => {
  writeFileSync(file, "old");
  const before = statSync(file);
  expect(rewriteForeignFile(file, edit)).toEqual({ state: "unchanged" });
  expect(statSync(file).ino).toBe(before.ino);
});

test("a refused edit leaves the file and hands on why", () => {
  writeFileSync(file, "old");
  expect(rewriteForeignFile(file, () => ({ state: "refused", why: "is odd" }))).toEqual({ state: "refused", why: "is odd" });
  expect(readFileSync(file, "utf8")).toBe("old");
});

test("a byte order mark is hidden from the edit and kept in the file", () => {
  writeFileSync(file, "\uFEFFold");
  expect(readForeignFile(file)).toBe("old");
  rewriteForeignFile(file, (text) => ({ state: "changed", text: `${text}er` }));
  expect(readFileSync(file, "utf8")).toBe("\uFEFFolder");
});

test.each<[string, () => unknown, string]>([
  ["a folder", () => mkdirSync(file), "is not a regular file"],
  ["a FIFO", () => Bun.spawnSync(["mkfifo", file]), "is not a regular file"],
  ["a link that leads nowhere", () => symlinkSync(join(folder, "gone"), file), "leads nowhere"],
  ["a link to itself", () => symlinkSync(file, file), "ELOOP"],
  ["text that is not UTF-8", () => writeFileSync(file, new Uint8Array([0x22, 0xff, 0x22])), "is not valid UTF-8"],
  ["more than 4 MiB", () => writeFileSync(file, "x".repeat(4 * 1024 * 1024 + 1)), "more than the 4194304"],
])("%s is refused at once and left as it is", (_, make, why) => {
  make();
  const before = lstatSync(file);
  const error = errorOf(() => rewriteForeignFile(file, to("new")));
  expect(error.code).toBe("read-failed");
  expect(error.message).toContain(why);
  expect(lstatSync(file).ino).toBe(before.ino);
});

test("a file that somebody marked read-only is read but not changed", () => {
  writeFileSync(file, "old");
  chmodSync(file, 0o444);
  expect(readForeignFile(file)).toBe("old");
  expect(errorOf(() => rewriteForeignFile(file, to("new"))).message).toContain("marked read-only");
  expect(readFileSync(file, "utf8")).toBe("old");
});
