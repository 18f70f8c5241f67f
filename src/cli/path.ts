import { existsSync } from "node:fs";
import { IapeerError } from "../model/errors.ts";
import { quoteForMessage } from "../model/names.ts";
import { type Env, refuseRealRootInSandbox, resolvePath } from "../core/layout.ts";
import { refuseForeignSyntax } from "../model/path-words.ts";

/**
 * Reads the path of a folder or a file, and makes it absolute. Links in it stay.
 * A leading `~` is the home: no shell replaces the one in `--cwd=~/app`.
 *
 * @throws IapeerError `invalid-value`: nothing is there, and the path is in the syntax of another tool; or it is not UTF-8. Such bytes arrive as U+FFFD, and would
 * name another folder.
 */
export function parsePath(text: string, env: Env): string {
  if (text === "" || text.includes("\0") || text.includes("\ufffd") || !text.isWellFormed()) {
    throw new IapeerError("invalid-value", `not a path: ${quoteForMessage(text)}`, {
      hint: "a path is UTF-8 text without NUL",
    });
  }
  const folder = resolveFrom(text, env);
  // A folder that is there has that very name.
  if (!existsSync(folder)) refuseForeignSyntax(text);
  if (folder.includes("\ufffd"))
    throw new IapeerError("invalid-value", `the current folder's path is not UTF-8: ${quoteForMessage(folder)}`);
  refuseRealRootInSandbox(env, folder);
  return folder;
}

function resolveFrom(text: string, env: Env): string {
  try {
    return resolvePath(text, env);
  } catch (cause) {
    throw new IapeerError("invalid-value", `${quoteForMessage(text)} cannot be resolved: the current folder is gone`, { cause });
  }
}
