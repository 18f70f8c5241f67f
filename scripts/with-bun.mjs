// @ts-check
// Runs a script with Bun on a machine that has only git, node and npm: it installs first what is missing.
// Plain node without dependencies, because nothing is installed yet when it starts.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBun } from "./setup/bun.mjs";
import { withLock } from "./setup/lock.mjs";
import { arePackagesInstalled, installPackages } from "./setup/packages.mjs";
import { canInstall, findMissing, installTools } from "./setup/tools.mjs";

/** @typedef {import("./setup/tools.mjs").Tools} Tools */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const USAGE = "usage: node scripts/with-bun.mjs [--need TOOL,…] [--want TOOL,…] SCRIPT [ARG…]";

try {
  const { tools, script } = parseArgs(process.argv.slice(2));
  await prepare(tools);
  run(findBun(ROOT), script);
} catch (error) {
  console.error(`setup: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** Installs what is missing. When it can install nothing, it takes no lock and writes nothing. @param {Tools} tools */
async function prepare(tools) {
  const missing = findMissing(tools);
  if (arePackagesInstalled(ROOT) && !canInstall(missing)) return installTools(missing);
  await withLock(join(ROOT, ".setup.lock"), {
    onWait: () => console.error("setup: waiting for another run to finish installing"),
    work: () => install(tools),
  });
}

/** Looks again at each: another run may have installed it while this one waited. @param {Tools} tools */
function install(tools) {
  installTools(findMissing(tools));
  if (arePackagesInstalled(ROOT)) return;
  console.error("setup: installing packages with npm");
  installPackages(ROOT);
}

/**
 * Runs the script in this process's place, as far as that is possible without exec(2): same terminal, same signals, same end.
 *
 * @param {string} bun
 * @param {string[]} script
 */
function run(bun, script) {
  const child = spawn(bun, ["--no-install", ...script], { cwd: ROOT, stdio: "inherit" });
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`setup: ${bun} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (status, signal) => {
    if (signal === null) process.exitCode = status ?? 1;
    else endBy(signal);
  });
}

/** Ends by the signal that ended the script, so that a caller sees what happened. @param {NodeJS.Signals} signal */
function endBy(signal) {
  process.exitCode = 128 + constants.signals[signal];
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * @param {string[]} argv
 * @returns {{ tools: Tools, script: string[] }}
 */
function parseArgs(argv) {
  /** @type {Tools} */
  const tools = { need: [], want: [] };
  let rest = argv;
  while (rest[0] === "--need" || rest[0] === "--want") {
    const [option, list = "", ...others] = rest;
    tools[option === "--need" ? "need" : "want"].push(...list.split(",").filter((name) => name !== ""));
    rest = others;
  }
  if (rest[0] === undefined || rest[0].startsWith("-")) throw new Error(USAGE);
  return { tools, script: rest };
}
