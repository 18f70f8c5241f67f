import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findBun } from "../../scripts/setup/bun.mjs";
import { withLock } from "../../scripts/setup/lock.mjs";
import { arePackagesInstalled } from "../../scripts/setup/packages.mjs";
import { findMissing } from "../../scripts/setup/tools.mjs";
import { canRun } from "../support/can-run.ts";
import { fixture } from "../support/fixtures.ts";

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

/** A program that prints a version, and ends with a status. */
function writeBun(path: string, version: string, status = 0): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho ${version}\nexit ${status}\n`, { mode: 0o755 });
  return file;
}

const OWN = "node_modules/@oven/bun-plan9-mips/bin/bun";
const OWN_MUSL = "node_modules/@oven/bun-plan9-mips-musl/bin/bun";
const MOVED = "node_modules/bun/bin/bun.exe";
const ON_PATH = "path/bun";

test.each([
  ["the binary of its platform, where npm ran no install script", { [OWN]: ["1.4.5"], [MOVED]: ["", 1] }, OWN],
  ["the binary that Bun's install script moved", { [MOVED]: ["1.4.5"] }, MOVED],
  ["the one of two binaries that runs here", { [OWN]: ["", 127], [OWN_MUSL]: ["1.4.5"] }, OWN_MUSL],
  ["the installed one, whatever is on PATH", { [OWN]: ["1.4.5"], [ON_PATH]: ["1.9.0"] }, OWN],
  ["a later one of PATH, where the installed one does not run", { [OWN]: ["", 132], [ON_PATH]: ["1.10.0"] }, "bun"],
] as const)("the Bun to use is %s", (_what, bins, expected) => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ devDependencies: { bun: "1.4.5" } }));
  for (const [path, [version, status]] of Object.entries(bins)) writeBun(path, version, status);
  expect(findBun(folder, { PATH: join(folder, "path") })).toBe(expected === "bun" ? expected : join(folder, expected));
});

test.each([
  ["is older than the pinned one", "1.4.4"],
  ["has another major version", "2.0.0"],
])("a Bun of PATH that %s is refused, and the message says what to do", (_what, version) => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ devDependencies: { bun: "1.4.5" } }));
  writeBun(ON_PATH, version);
  expect(() => findBun(folder, { PATH: join(folder, "path") })).toThrow(/apk add libgcc.*\n.*Bun 1\.4\.5 or later on PATH/);
});

test("a second set-up waits, says so once, and works after the first", async () => {
  const file = join(folder, "lock");
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const both = [
    withLock(file, {
      onWait: () => undefined,
      work: async () => {
        await first.promise;
        told.push("first");
      },
    }),
    withLock(file, {
      onWait: () => {
        told.push("waits");
        first.resolve();
      },
      work: () => void told.push("second"),
    }),
  ];
  await Promise.all(both);
  expect(told).toEqual(["waits", "first", "second"]);
  expect(existsSync(file)).toBe(false);
});

test("a lock whose owner is gone is taken over at once", async () => {
  const gone = Bun.spawn(["true"]);
  await gone.exited;
  writeFileSync(join(folder, "lock"), String(gone.pid));
  expect(
    await withLock(join(folder, "lock"), {
      onWait: () => {
        throw new Error("it waited");
      },
      work: () => "done",
    }),
  ).toBe("done");
});

test("a lock is given back when the work fails", async () => {
  const file = join(folder, "lock");
  const failing = withLock(file, {
    onWait: () => undefined,
    work: () => {
      throw new Error("no network");
    },
  });
  expect(failing).rejects.toThrow("no network");
  await failing.catch(() => undefined);
  expect(existsSync(file)).toBe(false);
});

test("only programs that PATH does not have are missing", () => {
  expect(findMissing({ need: ["sh", "no-such-program"], want: ["no-other-program", "cat"] })).toEqual({
    need: ["no-such-program"],
    want: ["no-other-program"],
  });
});

describe.skipIf(process.platform !== "linux" || process.getuid!() !== 0 || !canRun("unshare", "--mount"))(
  "as root with apt",
  () => {
    /** Installs as on a machine whose /usr/sbin has this rule about services alone, or nothing; the end of apt-get is given. */
    async function install(rule: string, aptGetEnds: string, ...tools: string[]) {
      const bin = join(folder, "bin");
      mkdirSync(bin);
      symlinkSync(fixture("apt-get.sh"), join(bin, "apt-get"));
      const installing = [Bun.which("node")!, fixture("install-tools.mjs"), ...tools];
      const child = Bun.spawn(["unshare", "--mount", fixture("install-tools.sh"), rule, ...installing], {
        env: { PATH: `${bin}:/usr/bin:/bin`, NOTES: folder, APT_GET_ENDS: aptGetEnds },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const [stderr, status] = [await child.stderr.text(), await child.exited];
      const read = (name: string) => readFileSync(join(folder, name), "utf8");
      return { status, stderr, asked: read("asked"), policy: read("policy"), left: read("left") };
    }

    test("packages are asked for by their names, and none of them starts a service", async () => {
      const { status, stderr, asked, policy, left } = await install("", "exit 0", "sshd", "no-such-program");
      expect(status).toBe(0);
      expect(stderr).toContain("setup: installing openssh-server, no-such-program with apt-get");
      expect(asked.trim().split("\n").at(-1)).toEndWith("install openssh-server no-such-program");
      expect(policy).toContain("exit 101");
      expect(left).toBe("");
    });

    test("a machine's own rule about services stays", async () => {
      const { policy, left } = await install("exit 104", "exit 0", "sshd");
      expect(policy).toContain("exit 104");
      expect(left).toBe("exit 104\n");
    });

    test("a signal in the middle ends it, and the rule goes all the same", async () => {
      const { status, left } = await install("", "kill -s TERM $PPID", "sshd");
      expect({ status, left }).toEqual({ status: 143, left: "" });
    });
  },
);
