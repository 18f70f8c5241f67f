import { closeSync, fchmodSync, openSync, writeSync } from "node:fs";

/** Writes an executable sh script, and returns its path. */
export function writeScript(path: string, body: string): string {
  return writeProgram(path, `#!/bin/sh\n${body}\n`);
}

/** Writes an executable file with any content, and returns its path. */
export function writeProgram(path: string, content: string | Uint8Array, mode = 0o755): string {
  const fd = openSync(path, "w", mode);
  writeSync(fd, Buffer.from(content));
  fchmodSync(fd, mode);
  closeSync(fd);
  return path;
}
