import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { makeFolder } from "../../../src/core/disk/files.ts";
import { checkFolder, readTrusted, type TrustedFile } from "../../../src/core/disk/trust.ts";
import { errorOf, openScratch, type Scratch } from "../../support/scratch.ts";

const FILE: TrustedFile = {
  what: "the registry",
  maxBytes: 64 * 1024,
  unreadable: "registry-corrupt",
  insecure: "registry-insecure",
};
const NOBODY = 65_534;
const isRoot = process.geteuid!() === 0;

describe("a file that only this user can have written", () => {
  test("is read whole", () => {
    using scratch = openScratch();
    const text = "x".repeat(60_000);
    writeFileSync(scratch.at("file"), text, { mode: 0o644 });
    expect(readTrusted(scratch.at("file"), FILE)?.toString("utf8")).toBe(text);
  });

  test("may be missing", () => {
    using scratch = openScratch();
    expect(readTrusted(scratch.at("file"), FILE)).toBeUndefined();
    expect(readTrusted(scratch.at("no", "such", "folder"), FILE)).toBeUndefined();
  });

  test("may be empty", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("file"), "", { mode: 0o600 });
    expect(readTrusted(scratch.at("file"), FILE)?.length).toBe(0);
  });
});

type Planting = (scratch: Scratch, path: string) => void | PromiseLike<void>;

const REFUSED: readonly (readonly [what: string, plant: Planting, message: string, code: string])[] = [
  [
    "a link to a good file",
    (scratch, path) => {
      writeFileSync(scratch.at("good"), "{}", { mode: 0o600 });
      symlinkSync("good", path);
    },
    "is a symbolic link",
    "registry-corrupt",
  ],
  [
    "a dangling link (it is not an empty registry)",
    (_, path) => symlinkSync("nowhere", path),
    "is a symbolic link",
    "registry-corrupt",
  ],
  ["a link to itself", (_, path) => symlinkSync("file", path), "is a symbolic link", "registry-corrupt"],
  ["a folder", (_, path) => mkdirSync(path), "is a folder", "registry-corrupt"],
  [
    "a FIFO that nobody writes to",
    (_, path) => void Bun.spawnSync(["mkfifo", "-m", "600", path]),
    "is a FIFO",
    "registry-corrupt",
  ],
  [
    "a socket",
    async (_, path) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      createServer().listen(path, resolve).unref();
      await promise;
    },
    "is a socket",
    "registry-corrupt",
  ],
  [
    "a sparse file of 6 GB",
    (_, path) => {
      writeFileSync(path, "", { mode: 0o600 });
      truncateSync(path, 6 * 1024 ** 3);
    },
    "is 6442450944 bytes, more than the 65536 that iapeer reads",
    "registry-corrupt",
  ],
  [
    "a file that its group may write",
    (_, path) => {
      writeFileSync(path, "{}");
      chmodSync(path, 0o660);
    },
    "may be written by others",
    "registry-insecure",
  ],
  [
    "a file that everybody may write",
    (_, path) => {
      writeFileSync(path, "{}");
      chmodSync(path, 0o602);
    },
    "may be written by others",
    "registry-insecure",
  ],
];

describe("FAULTS: refused without a hang and without reading it:", () => {
  test.each(REFUSED)("%s", async (_, plant, message, code) => {
    using scratch = openScratch();
    const path = scratch.at("file");
    await plant(scratch, path);
    const before = lstatSync(path);
    const error = errorOf(() => readTrusted(path, FILE));
    expect(error.code).toBe(code as never);
    expect(error.message).toContain(path);
    expect(error.message).toContain(message);
    expect(lstatSync(path)).toMatchObject({ ino: before.ino, size: before.size, mode: before.mode });
  });

  test.skipIf(!isRoot)("a file of another owner", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("file"), "{}", { mode: 0o600 });
    chownSync(scratch.at("file"), NOBODY, NOBODY);
    const error = errorOf(() => readTrusted(scratch.at("file"), FILE));
    expect(error).toMatchObject({ code: "registry-insecure", exitStatus: 5 });
    expect(error.message).toContain(`belongs to another user (uid ${NOBODY})`);
  });

  test("a path that leads through a file", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("file"), "");
    expect(errorOf(() => readTrusted(scratch.at("file", "x"), FILE)).message).toContain("a part of the path is not a folder");
  });

  test("a path that is too long", () => {
    using scratch = openScratch();
    expect(errorOf(() => readTrusted(scratch.at("x".repeat(300)), FILE)).message).toContain("the path is too long");
  });
});

test("a second name of a good file is a good file", () => {
  using scratch = openScratch();
  writeFileSync(scratch.at("one"), "{}", { mode: 0o600 });
  linkSync(scratch.at("one"), scratch.at("file"));
  expect(readTrusted(scratch.at("file"), FILE)?.toString()).toBe("{}");
});

describe("a folder", () => {
  const check = (path: string) => checkFolder(path, "the root", "registry-insecure");

  test("of this user's alone is fine, through a link as well, and so is none", () => {
    using scratch = openScratch();
    makeFolder(scratch.at("a", "b"));
    expect(lstatSync(scratch.at("a")).mode & 0o777).toBe(0o700);
    symlinkSync("a", scratch.at("link"));
    for (const name of ["a", "link", "none"]) expect(() => check(scratch.at(name))).not.toThrow();
  });

  test.each([
    ["group", 0o770],
    ["everybody", 0o707],
    ["everybody, with the sticky bit", 0o1777],
  ])("that %s may write is refused, and so is a link to it", (_, mode) => {
    using scratch = openScratch();
    mkdirSync(scratch.at("folder"));
    chmodSync(scratch.at("folder"), mode);
    symlinkSync("folder", scratch.at("link"));
    for (const name of ["folder", "link"]) {
      const error = errorOf(() => check(scratch.at(name)));
      expect(error).toMatchObject({ code: "registry-insecure", exitStatus: 5 });
      expect(error.hint).toContain("chmod go-w");
    }
  });

  test.skipIf(!isRoot)("of another owner is refused", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("folder"));
    chownSync(scratch.at("folder"), NOBODY, NOBODY);
    expect(errorOf(() => check(scratch.at("folder"))).code).toBe("registry-insecure");
  });

  test("that is a dangling link or a file is an error, not a missing folder", () => {
    using scratch = openScratch();
    symlinkSync("nowhere", scratch.at("dangling"));
    writeFileSync(scratch.at("file"), "");
    for (const name of ["dangling", "file"]) expect(errorOf(() => check(scratch.at(name))).message).toContain(scratch.at(name));
  });
});

test("reading leaves no descriptor open, whether it works or not", () => {
  using scratch = openScratch();
  writeFileSync(scratch.at("good"), "{}", { mode: 0o600 });
  mkdirSync(scratch.at("folder"));
  const next = () => openSync("/dev/null", "r");
  const first = next();
  for (let n = 0; n < 20; n += 1) {
    readTrusted(scratch.at("good"), FILE);
    errorOf(() => readTrusted(scratch.at("folder"), FILE));
    checkFolder(scratch.at("folder"), "the root", "registry-insecure");
  }
  expect(next()).toBe(first + 1);
});
