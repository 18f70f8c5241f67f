// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { arePackagesInstalled, installPackages } from "./packages.mjs";

/** @typedef {[major: number, minor: number, patch: number]} Version */

/**
 * The Bun to use, if there is one already: that of PATH when it is the pinned version or a later one of the same major,
 * else the pinned one in `folder`, a package of its own whose only dependency is Bun.
 *
 * @param {string} folder
 * @returns {string | undefined} a command to spawn
 */
export function findBun(folder) {
  const pinned = readPinnedVersion(folder);
  if (isUsable(readVersion("bun"), pinned)) return "bun";
  if (!arePackagesInstalled(folder)) return undefined;
  return listBinaries(folder).find((file) => isUsable(readVersion(file), pinned));
}

/**
 * Installs the pinned Bun into `folder` with npm.
 *
 * @param {string} folder
 * @returns {string} the binary
 */
export function installBun(folder) {
  installPackages(folder);
  const bun = findBun(folder);
  if (bun !== undefined) return bun;
  throw new Error(
    `npm has no Bun that runs on this ${process.platform}-${process.arch} machine. ` +
      `Put Bun ${readPinnedVersion(folder).join(".")} or later on PATH: https://bun.com/docs/installation`,
  );
}

/**
 * npm's `bun` package is a placeholder; the binary comes in a package of its platform, `@oven/bun-<platform>`,
 * and an install script moves it over the placeholder. Installed without scripts, it is where it came.
 *
 * @param {string} folder
 */
function listBinaries(folder) {
  const modules = join(folder, "node_modules");
  const scope = join(modules, "@oven");
  const platforms = existsSync(scope) ? readdirSync(scope) : [];
  const files = [...platforms.map((name) => join(scope, name, "bin", "bun")), join(modules, ".bin", "bun")];
  return files.filter((file) => existsSync(file));
}

/** @param {string} folder */
function readPinnedVersion(folder) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const version = parseVersion(dependencies.bun);
  if (version === undefined) throw new Error(`${folder}/package.json does not pin one version of Bun`);
  return version;
}

/** @param {string} command */
function readVersion(command) {
  const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 ? parseVersion(stdout) : undefined;
}

/**
 * @param {string} text
 * @returns {Version | undefined}
 */
function parseVersion(text) {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(text.trim()) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/**
 * @param {Version | undefined} found
 * @param {Version} pinned
 */
function isUsable(found, pinned) {
  if (found === undefined || found[0] !== pinned[0]) return false;
  return found[1] > pinned[1] || (found[1] === pinned[1] && found[2] >= pinned[2]);
}
