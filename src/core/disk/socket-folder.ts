import { statSync } from "node:fs";
import { errnoOf } from "../../model/errors.ts";

/**
 * The reason to distrust the sockets in a folder. It is undefined for a folder of the caller alone (0700), and for a
 * missing one. In a shared place such as /tmp another user may have made the folder, with sockets that answer anything.
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
