// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The Bun to use: the one that npm installed. Where that one does not run, the Bun of PATH, if it is the pinned version or
 * a later one of the same major.
 *
 * @param {string} root the repository, its packages installed
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} a command to spawn
 * @throws when no Bun runs here; the message says what to do
 */
export function findBun(root, env = process.env) {
  const pinned = readPinnedVersion(root);
  const installed = listBinaries(root).find((file) => readVersion(file, env) === pinned);
  if (installed !== undefined) return installed;
  if (isUsable(readVersion("bun", env), pinned)) return "bun";
  throw new Error(renderAdvice(pinned));
}

/**
 * npm installs the binary as a package of its platform, `@oven/bun-<platform>`. The install script of the package `bun`
 * moves it to `bin/bun.exe`; where install scripts are off, it stays where it is. An npm that knows nothing of C libraries
 * installs one binary for each.
 *
 * @param {string} root
 */
function listBinaries(root) {
  const modules = join(root, "node_modules");
  const scope = join(modules, "@oven");
  const platforms = existsSync(scope) ? readdirSync(scope) : [];
  const files = [...platforms.map((name) => join(scope, name, "bin", "bun")), join(modules, "bun", "bin", "bun.exe")];
  return files.filter((file) => existsSync(file));
}

/** @param {string} root */
function readPinnedVersion(root) {
  return String(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun);
}

/** @param {string} command @param {NodeJS.ProcessEnv} env */
function readVersion(command, env) {
  const { status, stdout } = spawnSync(command, ["--version"], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param {string | undefined} found @param {string} pinned */
function isUsable(found, pinned) {
  if (found === undefined || found.split(".")[0] !== pinned.split(".")[0]) return false;
  return found.localeCompare(pinned, "en", { numeric: true }) >= 0;
}

/** @param {string} pinned */
function renderAdvice(pinned) {
  const machine = `${process.platform} ${process.arch}`;
  return [
    `the Bun of npm does not run on this machine (${machine}).`,
    "Where it was left out, npm ci --include=optional installs it. On Alpine it needs two libraries: apk add libgcc libstdc++",
    `Elsewhere put Bun ${pinned} or later on PATH; an x64 CPU without AVX2 needs its baseline build: https://bun.com/docs/installation`,
  ].join("\n");
}
