// @ts-check
import { spawnSync } from "node:child_process";
import { accessSync, constants, rmSync, writeFileSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { delimiter, join } from "node:path";

/**
 * Programs of the operating system. The package of each has the name of the program, in Debian and in Homebrew, except for PACKAGES.
 *
 * @typedef {{ need: string[], want: string[] }} Tools a missing tool of `need` stops the run; of `want`, it skips some tests
 */

/** @type {Readonly<Record<string, string>>} Debian's names of packages. */
const PACKAGES = { ip: "iproute2", ssh: "openssh-client", sshd: "openssh-server" };

/** @param {string} tool */
const packageOf = (tool) => PACKAGES[tool] ?? tool;

/** @param {Tools} tools @returns {Tools} those that are not on PATH */
export function findMissing({ need, want }) {
  return { need: need.filter(isMissing), want: want.filter(isMissing) };
}

/** Tells whether `installTools` can install any of what is missing. @param {Tools} missing */
export function canInstall({ need, want }) {
  return canUseApt() ? need.length + want.length > 0 : need.length > 0 && canUseBrew();
}

/**
 * Installs what is missing where that needs no answer from a person: with apt as root, as in a container, and with Homebrew.
 * Homebrew gets only what is needed, because it changes a person's machine. Prints what stays missing.
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
  const packages = [...need, ...want].map(packageOf);
  console.error(`setup: installing ${packages.join(", ")} with apt-get`);
  withoutServices(() => {
    runApt(["update"]);
    // One unknown package fails the whole call: then each is tried alone.
    if (!runApt(["install", ...packages])) for (const name of packages) runApt(["install", name]);
  });
}

/** The question that a package asks before it starts a service (Debian policy, 9.3.3.1). */
const POLICY = "/usr/sbin/policy-rc.d";

/** Keeps an installed sshd from being started: 101 says that no service may start. @param {() => void} work */
function withoutServices(work) {
  try {
    writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" });
  } catch {
    // The machine has one already, as containers do: that one decides.
    return work();
  }
  // An install blocks the event loop: a signal is handled after it, when the file is gone.
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  /** @param {NodeJS.Signals} signal */
  const leave = (signal) => process.exit(128 + osConstants.signals[signal]);
  for (const signal of signals) process.on(signal, leave);
  try {
    work();
  } finally {
    rmSync(POLICY, { force: true });
    // The first ends this round of the event loop; a pending signal is handled in the next one, before the second.
    setImmediate(() => setImmediate(() => signals.forEach((signal) => process.off(signal, leave))));
  }
}

/** @param {Tools} missing */
function installWithBrew({ need }) {
  console.error(`setup: installing ${need.join(", ")} with brew`);
  run("brew", ["install", "--quiet", ...need.map(packageOf)]);
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

/** @param {string[]} tools */
function renderAdvice(tools) {
  const install = process.platform === "darwin" ? "brew install" : "sudo apt-get install";
  return `Install with: ${install} ${tools.map(packageOf).join(" ")}`;
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
  // Where sshd and ip are; a person's PATH often lacks these folders.
  folders.push("/usr/sbin", "/sbin");
  return !folders.some((folder) => isExecutable(join(folder, command)));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // Missing or not executable: the caller treats both alike.
  }
}
