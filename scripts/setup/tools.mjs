// @ts-check
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Programs of the operating system. The package of each has the name of the program, with apt and with Homebrew alike.
 *
 * @typedef {{ need: string[], want: string[] }} Tools `need` stops the run when missing, `want` only lessens it
 */

/** @param {Tools} tools @returns {Tools} those that are not on PATH */
export function findMissing({ need, want }) {
  return { need: need.filter(isMissing), want: want.filter(isMissing) };
}

/** Whether `installTools` can install any of what is missing. @param {Tools} missing */
export function canInstall({ need, want }) {
  return canUseApt() ? need.length + want.length > 0 : need.length > 0 && canUseBrew();
}

/**
 * Installs what is missing where that asks nobody: with apt as root (a container, a CI machine), and with Homebrew, where
 * only what is needed is put on a person's machine. Says what stays missing.
 *
 * @param {Tools} missing
 * @throws when something needed stays missing; the message says what to type
 */
export function installTools(missing) {
  if (canInstall(missing)) {
    if (canUseApt()) installWithApt(missing);
    else installWithBrew(missing);
  }
  const { need, want } = findMissing(missing);
  if (need.length > 0) throw new Error(`${need.join(" and ")} not found. ${renderAdvice(need)}`);
  if (want.length > 0) {
    console.error(`setup: no ${want.join(", ")}: the tests that need them are skipped. ${renderAdvice(want)}`);
  }
}

/** @param {Tools} missing */
function installWithApt({ need, want }) {
  const packages = [...need, ...want];
  console.error(`setup: installing ${packages.join(", ")} with apt-get`);
  runApt(["update"]);
  // One package that the distribution lacks fails the whole call, and with it the others: those are then tried alone.
  if (!runApt(["install", ...packages])) for (const name of packages) runApt(["install", name]);
}

/** @param {Tools} missing */
function installWithBrew({ need }) {
  console.error(`setup: installing ${need.join(", ")} with brew`);
  run("brew", ["install", "--quiet", ...need]);
}

/** @param {string[]} args */
function runApt(args) {
  const options = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
  return run("apt-get", [...options, ...args], { ...process.env, DEBIAN_FRONTEND: "noninteractive" });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function run(command, args, env = process.env) {
  return spawnSync(command, args, { env, stdio: ["ignore", "ignore", 2] }).status === 0;
}

/** @param {string[]} packages */
function renderAdvice(packages) {
  const install = process.platform === "darwin" ? "brew install" : "sudo apt-get install";
  return `Install with: ${install} ${packages.join(" ")}`;
}

function canUseApt() {
  return process.getuid?.() === 0 && !isMissing("apt-get");
}

function canUseBrew() {
  return !isMissing("brew");
}

/** @param {string} command */
function isMissing(command) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return !folders.some((folder) => isExecutable(join(folder, command)));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not ours to run: for the caller the same.
  }
}
