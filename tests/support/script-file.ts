import { closeSync, fchmodSync, openSync, writeSync } from "node:fs";

/** An executable sh script; its path. */
export function writeScript(path: string, body: string): string {
  return writeProgram(path, `#!/bin/sh\n${body}\n`);
}

/** An executable file with any content; its path. */
export function writeProgram(path: string, content: string | Uint8Array, mode = 0o755): string {
  const fd = openSync(path, "w", mode);
  writeSync(fd, Buffer.from(content));
  fchmodSync(fd, mode);
  closeSync(fd);
  return path;
}
