import { expect, test } from "bun:test";
import { join } from "node:path";
import { ERRORS } from "../../src/model/errors.ts";

const ROOT = join(import.meta.dir, "../..");
const SOURCES = [...new Bun.Glob("src/**/*.{ts,js}").scanSync({ cwd: ROOT })];

async function readPage(name: string): Promise<string> {
  return await Bun.file(join(ROOT, "docs", name)).text();
}

test("the errors page has every code of the table, in its order, with its exit status, its cause and whether to retry", async () => {
  const rows = [...(await readPage("errors.md")).matchAll(/^\| `([a-z-]+)` \| (\d+) \| ([a-z]+) \| (yes|no) \| .+ \| .+ \|$/gm)];
  const told = rows.map(([, code, exit, cause, retry]) => [code, { exit: Number(exit), cause, retryable: retry === "yes" }]);
  expect(told).toEqual(Object.entries(ERRORS));
});

test("the files page has every environment variable of iapeer that the source reads, and no other", async () => {
  const texts = await Promise.all(SOURCES.map(async (file) => await Bun.file(join(ROOT, file)).text()));
  const read = new Set(texts.flatMap((text) => text.match(/\bIAPEER_[A-Z_]+\b/g) ?? []));
  // Set when the program is compiled.
  read.delete("IAPEER_VERSION");
  const told = new Set((await readPage("files.md")).match(/\bIAPEER_[A-Z_]+\b/g));
  expect([...told].toSorted()).toEqual([...read].toSorted());
});

test("no file reads a variable of iapeer past the table of their parsers", async () => {
  const past = await Promise.all(
    SOURCES.map(async (file) => [file, /\benv\["IAPEER_[A-Z_]+"\](?! =)/.exec(await Bun.file(join(ROOT, file)).text())?.[0]]),
  );
  expect(past.filter(([, found]) => found !== undefined)).toEqual([]);
});

test("the page of the house names files that are there", async () => {
  const page = await readPage("architecture.md");
  const whole = [...page.matchAll(/`((?:src|scripts|tests)\/[\w./-]+\.(?:ts|mjs))`/g)].map(([, path]) => path!);
  const inRooms = [...page.matchAll(/^\d\. `(src\/[\w/-]+)` \(([^)]*)\)/gm)].flatMap(([, room, files]) =>
    [...files!.matchAll(/`([\w./-]+)`/g)].map(([, file]) => `${room}/${file}`),
  );
  const paths = [...whole, ...inRooms];
  const missing = await Promise.all(paths.map(async (path) => ((await Bun.file(join(ROOT, path)).exists()) ? [] : [path])));
  expect(missing.flat()).toEqual([]);
  expect(paths.length).toBeGreaterThan(20);
});

test("every verb is shown on some page", async () => {
  const verbs = SOURCES.filter((file) => file.startsWith("src/cli/verbs/")).map((file) => /(\w[\w-]*)\.ts$/.exec(file)![1]!);
  const pages = await Promise.all(
    [...new Bun.Glob("docs/*.md").scanSync({ cwd: ROOT })].map(async (page) => await Bun.file(join(ROOT, page)).text()),
  );
  const shown = pages.join("\n");
  const isShown = (verb: string) =>
    shown.includes(`iapeer ${verb} `) || shown.includes(`iapeer ${verb.replace("-", " ")}`) || shown.includes(`iapeer ${verb}\n`);
  expect(verbs.filter((verb) => !isShown(verb))).toEqual([]);
});
