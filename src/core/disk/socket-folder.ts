import { statSync } from "node:fs";
import { errnoOf } from "../../model/errors.ts";

/**
 * Why the sockets in a folder cannot be trusted: in a shared place such as /tmp anybody may have made it, and put up sockets
 * that answer what they like. undefined: it is the caller's alone (0700), or is not there yet.
 */
export function whyNotSocketFolder(path: string): string | undefined {
  try {
    const found = statSync(path);
    if (!found.isDirectory()) return "is not a folder";
    if (found.uid !== process.geteuid!()) return `belongs to another user (uid ${found.uid})`;
    return (found.mode & 0o077) === 0
      ? undefined
      : `may be entered by others (mode ${(found.mode & 0o777).toString(8).padStart(4, "0")})`;
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? undefined : "cannot be looked at";
  }
}
