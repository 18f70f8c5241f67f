// The tests of another account than root's, which no mode of a file stops.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { canRun } from "../support/can-run.ts";

const ROOT = join(import.meta.dir, "../..");
const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

// The folder of the project may be closed to other accounts.
const isAble = process.getuid?.() === 0 && canRun(...AS_NOBODY, "env", "-C", ROOT, process.execPath, "--version");

test.skipIf(!isAble)("an ordinary user's tests of files, registry and commands pass, too", async () => {
  const files = [
    "core/disk/files",
    "core/disk/trust",
    "core/disk/atomic-write",
    "core/disk/foreign-file",
    "registry/store",
    "e2e/contract-places",
  ].map((name) => `tests/${name}.test.ts`);
  const argv = [...AS_NOBODY, process.execPath, "test", "--timeout=120000", ...files.map((file) => `./${file}`)];
  const child = Bun.spawn(argv, {
    cwd: ROOT,
    env: { ...process.env, HOME: "/nonexistent" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const stderr = await child.stderr.text();
  expect([await child.exited, stderr.split("\n").filter((line) => line.startsWith("(fail)"))]).toEqual([0, []]);
});
