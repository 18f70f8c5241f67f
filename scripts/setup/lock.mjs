// @ts-check
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 200;
/** No set-up takes this long: an older file was left behind, even if its pid is taken again. */
const STALE_MS = 15 * 60_000;

/**
 * Does `work` while no other process works under the same lock file. The file holds the pid of its owner; a file whose
 * owner is gone is taken over. `onWait` is called once, before the first wait.
 *
 * @template T
 * @param {string} file
 * @param {{ work: () => T | Promise<T>, onWait: () => void }} options
 * @returns {Promise<T>}
 */
export async function withLock(file, { work, onWait }) {
  for (let waited = false; !tryLock(file); waited = true) {
    if (!waited) onWait();
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function tryLock(file) {
  if (isAbandoned(file)) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file */
function isAbandoned(file) {
  try {
    const ageMs = Date.now() - statSync(file).mtimeMs;
    const owner = Number(readFileSync(file, "utf8"));
    // An empty file has just been created: its owner is alive.
    return ageMs > STALE_MS || (owner > 0 && !isAlive(owner));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** @param {unknown} error */
function errorCode(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
