import { closeSync, constants, fsyncSync, openSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { makeFolder, syncFolder, writeAll } from "../../core/disk/files.ts";

/**
 * Makes a fleet file, 0600, and what is missing above it. Whatever is at that path stays, a link that leads nowhere too.
 *
 * @throws IapeerError `fleet-exists`, `write-failed`.
 */
export function createFleetFile(path: string, text: string): void {
  makeFolder(dirname(path));
  const fd = create(path);
  try {
    writeAll(fd, Buffer.from(text, "utf8"));
    fsyncSync(fd);
    syncFolder(dirname(path));
  } catch (error) {
    unlinkSync(path);
    throw ioError("write-failed", "cannot write", path, error);
  } finally {
    closeSync(fd);
  }
}

function create(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw ioError("write-failed", "cannot write", path, error);
    throw new IapeerError("fleet-exists", `there is something at ${path}, which stays as it is`, {
      hint: `look at it: iapeer fleet check ${path}; or write elsewhere with --file`,
      details: { path },
    });
  }
}
