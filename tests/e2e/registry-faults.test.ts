// FAULTS, "Registry, logs, files": what the compiled program does when the disk or somebody else misbehaves.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errorLine, ok, readJson, readRegistryFile, valuesOf } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { BINARY, finish, type Finished, openSandbox, type Sandbox } from "../support/sandbox.ts";
import { canRun } from "../support/can-run.ts";

const IS_ROOT = process.getuid!() === 0;
const NOBODY = 65_534;

const registryOf = ({ root }: Sandbox) => join(root, "peers-profiles.json");
const backupOf = (sandbox: Sandbox) => `${registryOf(sandbox)}.bak`;
const temporariesIn = (folder: string) =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((path) => path.endsWith(".tmp"));
const namesIn = (sandbox: Sandbox) => valuesOf(readRegistryFile(sandbox).peers, "personality") as string[];

/** Runs something around the compiled program, in the sandbox's environment. */
async function run({ env, folder }: Sandbox, argv: readonly string[], more: Record<string, string> = {}): Promise<Finished> {
  return await finish(
    Bun.spawn([...argv], {
      env: { ...env, BINARY, ...more },
      cwd: folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000,
    }),
  );
}

async function sandboxWithAlpha(): Promise<Sandbox> {
  const sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  return sandbox;
}

describe("error, original kept, never reset: a registry that is", () => {
  const good = (text: string) => Buffer.from(text);
  test.each<[string, (text: string) => Buffer, string]>([
    ["empty", () => Buffer.alloc(0), "is empty"],
    ["white space", () => good(" \n"), "is not JSON"],
    ["cut off", (text) => good(text.slice(0, text.length / 2)), "is not JSON"],
    ["begun with a byte order mark", (text) => good(`\uFEFF${text}`), "byte order mark"],
    ["ended in NUL bytes", (text) => good(`${text}\0\0\0`), "NUL"],
    ["all NUL bytes", (text) => Buffer.alloc(text.length), "NUL"],
    ["not UTF-8", (text) => Buffer.concat([good(text.slice(0, -3)), Buffer.from([0xc3, 0x28]), good(text.slice(-3))]), "UTF-8"],
    ["written twice over", (text) => good(text + text), "is not JSON"],
    ["given a key twice", (text) => good(text.replace('"revision"', '"peers": [], "revision"')), '"peers" twice'],
    ["given a key twice in a row", (text) => good(text.replace('"description"', '"cwd": "/", "description"')), '"cwd" twice'],
    [
      "given the key __proto__",
      (text) => good(text.replace('"revision"', '"__proto__": {"peers": []}, "revision"')),
      '"__proto__"',
    ],
    [
      "given the key __proto__ in escapes",
      (text) => good(text.replace('"revision"', String.raw`"\u005f_proto__": {}, "revision"`)),
      '"__proto__"',
    ],
    ["a list", () => good("[]"), "is not an object"],
    ["null", () => good("null"), "is not an object"],
  ])("%s", async (_, spoil, why) => {
    using sandbox = await sandboxWithAlpha();
    const bytes = spoil(readFileSync(registryOf(sandbox), "utf8"));
    writeFileSync(registryOf(sandbox), bytes);
    const backup = readFileSync(backupOf(sandbox));
    for (const call of [["add", "beta"], ["list"]]) {
      const finished = await sandbox.iapeer(...call, "--json");
      expect(finished).toMatchObject({ status: 5, stdout: "" });
      const error = errorLine(finished);
      expect(error).toMatchObject({
        code: "registry-corrupt",
        details: { path: registryOf(sandbox), backup: backupOf(sandbox) },
      });
      expect(error.hint).toContain(backupOf(sandbox));
      expect(error.message).toContain(why);
    }
    expect(readFileSync(registryOf(sandbox)).equals(bytes)).toBe(true);
    expect(readFileSync(backupOf(sandbox)).equals(backup)).toBe(true);
    expect(existsSync(join(sandbox.root, "peers/beta"))).toBe(false);
  });
});

describe("refused, no hang, and not an empty registry: a registry that is", () => {
  test.each<[string, (path: string) => void, string]>([
    [
      "a link",
      (path) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
      "symbolic link",
    ],
    [
      "a dangling link",
      (path) => {
        rmSync(path);
        symlinkSync("nowhere", path);
      },
      "symbolic link",
    ],
    [
      "a folder",
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
      "is a folder",
    ],
    [
      "a FIFO",
      (path) => {
        rmSync(path);
        Bun.spawnSync(["mkfifo", "-m", "600", path]);
      },
      "is a FIFO",
    ],
    ["a sparse file of 6 GB", (path) => truncateSync(path, 6 * 1024 ** 3), "more than"],
  ])("%s", async (_, replace, why) => {
    using sandbox = await sandboxWithAlpha();
    rmSync(backupOf(sandbox));
    replace(registryOf(sandbox));
    const before = lstatSync(registryOf(sandbox));
    for (const call of [["add", "beta"], ["remove", "alpha"], ["list"]]) {
      const finished = await run(sandbox, [BINARY, ...call, "--json"]);
      expect(finished.status).toBe(5);
      const error = errorLine(finished);
      expect(error).toMatchObject({
        code: "registry-corrupt",
        details: { path: registryOf(sandbox), backup: backupOf(sandbox) },
      });
      expect(error.message).toContain(`${registryOf(sandbox)} `);
      expect(error.message).toContain(why);
    }
    const { ino, mode, size } = lstatSync(registryOf(sandbox));
    expect({ ino, mode, size }).toEqual({ ino: before.ino, mode: before.mode, size: before.size });
    expect(existsSync(join(sandbox.root, "nowhere"))).toBe(false);
  });
});

describe("refused (exit 5):", () => {
  const spots = { "the registry": registryOf, "the root": ({ root }: Sandbox) => root } as const;
  type Spot = keyof typeof spots;

  async function expectRefused(sandbox: Sandbox, path: string, why: string) {
    const before = readFileSync(registryOf(sandbox));
    for (const call of [["add", "beta"], ["list"]]) {
      const finished = await sandbox.iapeer(...call, "--json");
      expect(finished).toMatchObject({ status: 5, stdout: "" });
      expect(errorLine(finished)).toMatchObject({ code: "registry-insecure", details: { path } });
      expect(errorLine(finished).message).toContain(why);
    }
    expect(readFileSync(registryOf(sandbox)).equals(before)).toBe(true);
    expect(existsSync(join(sandbox.root, "peers/beta"))).toBe(false);
  }

  test.each<[Spot, string, number]>([
    ["the registry", "its group", 0o620],
    ["the registry", "everybody", 0o602],
    ["the root", "its group", 0o720],
    ["the root", "everybody, sticky", 0o1777],
  ])("%s writable by %s", async (spot, _, mode) => {
    using sandbox = await sandboxWithAlpha();
    chmodSync(spots[spot](sandbox), mode);
    await expectRefused(sandbox, spots[spot](sandbox), "may be written by others");
  });

  test.skipIf(!IS_ROOT).each<Spot>(["the registry", "the root"])("%s owned by somebody else", async (spot) => {
    using sandbox = await sandboxWithAlpha();
    chownSync(spots[spot](sandbox), 1000, 1000);
    await expectRefused(sandbox, spots[spot](sandbox), "belongs to another user (uid 1000)");
  });
});

describe("old file whole, temporary file gone, and the error says why:", () => {
  test.skipIf(!canRun("unshare", "-m")).each([
    ["a full disk, with the peer's folder on it", "size=64k", "blocks", "all", "peers/beta"],
    ["a full disk, with the peer's folder elsewhere", "size=64k", "blocks", "all", "elsewhere"],
    ["a disk with room for the registry and not for its backup", "size=64k", "blocks", "all-but-one", "elsewhere"],
    ["no inodes, with the peer's folder on that disk", "nr_inodes=24", "inodes", "all", "peers/beta"],
    ["no inodes, with the peer's folder elsewhere", "nr_inodes=24", "inodes", "all", "elsewhere"],
    ["an inode for the registry and not for its backup", "nr_inodes=24", "inodes", "all-but-one", "elsewhere"],
  ])("%s", async (_, option, kind, amount, cwd) => {
    using sandbox = openSandbox();
    mkdirSync(sandbox.root, { mode: 0o700 });
    const where = cwd === "elsewhere" ? join(sandbox.folder, cwd) : join(sandbox.root, cwd);
    const finished = await run(sandbox, ["unshare", "-m", fixture("add-on-full-disk.sh"), BINARY, option, kind, amount, where]);
    expect(finished).toMatchObject({ status: 1, stdout: "" });
    const error = errorLine(finished);
    expect(error).toMatchObject({ code: "write-failed", details: { errno: "ENOSPC" } });
    expect(error.message).toContain("no space left on the disk (or no inodes)");
    const text = (name: string) => readFileSync(join(sandbox.folder, name), "utf8");
    expect(text("after")).toBe(text("before"));
    expect(text("after.bak")).toBe(text("before.bak"));
    expect(text("left")).toBe("");
  });

  test("a file size limit", async () => {
    using sandbox = openSandbox();
    for (const name of ["alpha", "gamma", "zeta"]) await ok(sandbox, "add", name, "--description", "x".repeat(450));
    const before = readFileSync(registryOf(sandbox), "utf8");
    const finished = await run(sandbox, ["sh", "-c", 'ulimit -f 1; exec "$BINARY" add beta --json']);
    expect(finished).toMatchObject({ status: 1, signal: null, stdout: "" });
    expect(errorLine(finished)).toMatchObject({ code: "write-failed", details: { errno: "EFBIG" } });
    expect(errorLine(finished).message).toContain("file size limit reached");
    expect(readFileSync(registryOf(sandbox), "utf8")).toBe(before);
    expect(readFileSync(backupOf(sandbox), "utf8")).toBe(before);
    expect(temporariesIn(sandbox.root)).toEqual([]);
    expect(existsSync(join(sandbox.root, "peers/beta"))).toBe(false);
    await ok(sandbox, "add", "beta");
  });
});

describe("old or new, never torn, and the next command goes on: SIGKILL at each", () => {
  test.skipIf(!canRun("strace", "-f", "-qq", "-o", "/dev/null")).each([
    ["openat", 20],
    ["write", 4],
    ["fsync", 5],
    ["rename", 3],
  ])("%s in turn", async (call, atLeast) => {
    using sandbox = await sandboxWithAlpha();
    let kills = 0;
    for (;;) {
      const name = `x${kills}`;
      const before = namesIn(sandbox);
      const inject = `inject=${call}:signal=SIGKILL:when=${kills + 1}`;
      const killed = await run(sandbox, ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, BINARY, "add", name]);
      if (killed.status === 0) break;
      expect(killed.signal).toBe("SIGKILL");
      kills += 1;
      const after = namesIn(sandbox);
      if (after.length !== before.length) expect(after).toEqual([...before, name].toSorted());
      else expect(after).toEqual(before);
      await ok(sandbox, "add", name);
      expect(namesIn(sandbox)).toEqual([...before, name].toSorted());
    }
    expect(kills).toBeGreaterThanOrEqual(atLeast);
    expect(temporariesIn(sandbox.root)).toEqual([]);
    expect(readFileSync(backupOf(sandbox), "utf8")).toBe(readFileSync(registryOf(sandbox), "utf8"));
    expect(readRegistryFile(sandbox).revision).toBe(kills + 2);
    await ok(sandbox, "verify");
  });
});

describe("no permission, as an ordinary user: the error names the path of", () => {
  const SETPRIV = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  test
    .skipIf(!IS_ROOT || !canRun(...SETPRIV, "sh", "-c", 'test -x "$0"', BINARY))
    .each<[string, (sandbox: Sandbox) => string, number, string, string[]]>([
      ["a root that it may not write", ({ root }) => root, 0o500, "write-failed", ["add", "beta", "--cwd", "elsewhere"]],
      ["a root that it may not enter", ({ root }) => root, 0o000, "read-failed", ["list"]],
      ["a registry that it may not read", registryOf, 0o000, "read-failed", ["add", "beta"]],
      ["a lock that it may not open", ({ root }) => join(root, "peers-profiles.lock"), 0o000, "write-failed", ["add", "beta"]],
      ["a folder of peers that it may not write", ({ root }) => join(root, "peers"), 0o500, "write-failed", ["add", "beta"]],
    ])("%s", async (_, pathOf, mode, code, args) => {
    using sandbox = await sandboxWithAlpha();
    const before = readFileSync(registryOf(sandbox), "utf8");
    Bun.spawnSync(["chown", "-R", `${NOBODY}:${NOBODY}`, sandbox.folder], { stdin: "ignore" });
    chmodSync(pathOf(sandbox), mode);
    const finished = await run(sandbox, [...SETPRIV, BINARY, ...args, "--json"]);
    expect(finished).toMatchObject({ status: 1, stdout: "" });
    expect(errorLine(finished).code as string).toBe(code);
    expect(errorLine(finished).message).toContain(pathOf(sandbox));
    expect(errorLine(finished).message).toContain("permission denied");
    expect(readFileSync(registryOf(sandbox), "utf8")).toBe(before);
    expect(temporariesIn(sandbox.folder)).toEqual([]);
  });
});

describe("the state is written all the same: stdout", () => {
  test.each([
    ["closed by its reader", '"$BINARY" add beta | true'],
    ["closed from the start", '"$BINARY" add beta >&-'],
    ["and stderr closed from the start", '"$BINARY" add beta >&- 2>&-'],
    ["on a full device", '"$BINARY" add beta >/dev/full'],
  ])("%s", async (_, script) => {
    using sandbox = await sandboxWithAlpha();
    const { signal } = await run(sandbox, ["sh", "-c", script]);
    expect(signal).toBe(null);
    expect(namesIn(sandbox)).toEqual(["alpha", "beta"]);
    expect(readJson(join(sandbox.root, "peers/beta/.iapeer/peer-profile.json")).personality).toBe("beta");
    expect(temporariesIn(sandbox.root)).toEqual([]);
  });
});

describe("a link planted in the place of", () => {
  test.each([
    ["the backup", backupOf],
    ["the lock", ({ root }: Sandbox) => join(root, "peers-profiles.lock")],
  ])("%s is not followed", async (what, pathOf) => {
    using sandbox = await sandboxWithAlpha();
    const victim = sandbox.write("victim", "precious");
    rmSync(pathOf(sandbox));
    symlinkSync(victim, pathOf(sandbox));
    const { status, stderr } = await sandbox.iapeer("add", "beta");
    expect(readFileSync(victim, "utf8")).toBe("precious");
    if (what === "the backup") {
      expect(status).toBe(0);
      expect(lstatSync(pathOf(sandbox)).isFile()).toBe(true);
    } else {
      expect(status).toBe(5);
      expect(stderr).toContain(`${pathOf(sandbox)} is a symbolic link`);
      expect(namesIn(sandbox)).toEqual(["alpha"]);
    }
  });
});
