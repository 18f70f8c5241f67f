/** Tells whether a wrapper such as `unshare --mount` works here: a namespace may be forbidden, or the tool missing. */
export function canRun(...argv: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...argv, "true"], { stdin: "ignore", stdout: "ignore", stderr: "ignore", timeout: 5000 }).success;
  } catch {
    return false;
  }
}
