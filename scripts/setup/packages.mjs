// @ts-check
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[] }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

/**
 * Tells whether the folder's node_modules is what its package-lock.json asks for, by the record that npm leaves in node_modules
 * when an install is complete. An optional package may be missing: most of those are for other platforms.
 *
 * @param {string} folder
 */
export function arePackagesInstalled(folder) {
  const wanted = readLockfile(join(folder, "package-lock.json"));
  const installed = readLockfile(join(folder, "node_modules", ".package-lock.json"));
  if (wanted === undefined || installed === undefined) return false;
  return (
    Object.entries(installed).every(([path, entry]) => isSame(wanted[path], entry) && isForThisMachine(entry)) &&
    Object.entries(wanted).every(([path, entry]) => path === "" || path in installed || entry.optional === true)
  );
}

/**
 * Installs exactly what the folder's package-lock.json says. Development and platform packages are included, whatever npm's
 * settings are. Install scripts stay off: no package needs one, and Bun's own would fail the install where its binary does not run.
 *
 * @param {string} folder
 */
export function installPackages(folder) {
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const { status, error } = spawnSync("npm", [...args, "--loglevel=error"], { cwd: folder, stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw new Error(`npm could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
}

/**
 * @param {string} file
 * @returns {LockedPackages | undefined}
 */
function readLockfile(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined; // It is missing or cut off: there is no complete install.
  }
}

/**
 * @param {LockedPackage | undefined} wanted
 * @param {LockedPackage} installed
 */
function isSame(wanted, installed) {
  return wanted?.version === installed.version && wanted?.integrity === installed.integrity;
}

/** @param {LockedPackage} entry */
function isForThisMachine({ os, cpu }) {
  return allows(os, process.platform) && allows(cpu, process.arch);
}

/**
 * The `os` and `cpu` fields of a package.json: names that are allowed, or `!names` that are not.
 *
 * @param {string[] | undefined} list
 * @param {string} value
 */
function allows(list, value) {
  if (list === undefined || list.includes(value)) return true;
  return !list.includes(`!${value}`) && list.every((name) => name.startsWith("!"));
}
