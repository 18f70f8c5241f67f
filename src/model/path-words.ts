import { IapeerError } from "./errors.ts";
import { quoteForMessage } from "./names.ts";

/** A way to write a path that another program reads and iapeer does not. As a folder's name it would be taken letter by letter. */
interface Syntax {
  readonly pattern: RegExp;
  /** Its name, behind "it has". */
  readonly what: string;
  readonly hint: string;
}

const NO_SHELL = "no shell reads this path: write it out; ~/… is your home";
const FOREIGN: readonly Syntax[] = [
  { pattern: /(?:^|\/)\$[A-Za-z_]|\$[{(]/, what: "a variable of a shell", hint: NO_SHELL },
  { pattern: /%[A-Za-z_][A-Za-z0-9_]*%/, what: "a variable of Windows", hint: "write the path out; ~/… is your home" },
  { pattern: /^[A-Za-z]:[\\/]|^\\\\|^[A-Za-z]:$/, what: "a drive of Windows", hint: "a path here begins with / or ~/" },
  { pattern: /\\/, what: "a backslash", hint: "the parts of a path stand between /, and nothing in it is escaped" },
  { pattern: /`/, what: "a command of a shell", hint: NO_SHELL },
  { pattern: /^["'].*["']$/, what: "quotes around it", hint: "take the quotes off" },
  { pattern: /\{[^{}/]*\}/, what: "a placeholder", hint: "write out what it stands for" },
  {
    pattern: /^~(?!\/|$)/,
    what: "the home of another user",
    hint: "only ~ and ~/… stand for a home, and for yours; write out any other",
  },
  { pattern: /^[a-z][a-z0-9+.-]+:\/\//i, what: "a URL", hint: "write the path alone" },
  { pattern: /^[^/]+@[^/:]+:/, what: "a path of another host", hint: "a folder here is one of this host" },
  { pattern: /\*/, what: "a pattern", hint: NO_SHELL },
];

/**
 * Finds the syntax of another tool in a path, such as `$HOME/x`, `C:\x` or `{other}`.
 *
 * @param placeholders the words that a caller replaces itself, without braces
 * @returns what the path holds, and a remedy; undefined for a plain path
 */
export function findForeignSyntax(
  text: string,
  placeholders: readonly string[] = [],
): { readonly what: string; readonly hint: string } | undefined {
  const own = placeholders.reduce((path, word) => path.replaceAll(`{${word}}`, word), text);
  const found = FOREIGN.find(({ pattern }) => pattern.test(own));
  if (found === undefined) return undefined;
  const known = placeholders.map((word) => `{${word}}`).join(", ");
  const isPlaceholder = found.what === "a placeholder" && known !== "";
  return { what: found.what, hint: isPlaceholder ? `only ${known} is replaced here: ${found.hint}` : found.hint };
}

/** Throws IapeerError `invalid-value` for a path in the syntax of another tool. */
export function refuseForeignSyntax(text: string, placeholders: readonly string[] = []): void {
  const found = findForeignSyntax(text, placeholders);
  if (found === undefined) return;
  throw new IapeerError("invalid-value", `not a path: ${quoteForMessage(text)} has ${found.what}`, { hint: found.hint });
}
