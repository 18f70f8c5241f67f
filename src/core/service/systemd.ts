import { anyOf, ARGUMENT_CONTROLS, classOf } from "../../model/characters.ts";

/**
 * Renders a command of a unit (systemd.service(5), Command Lines). systemd substitutes "$" in arguments, and not in the program's path.
 *
 * @param argv its first word is an absolute path
 */
export function renderUnitCommand(argv: readonly string[]): string {
  const [program, ...args] = REFUSED_IN_PROGRAM.test(argv[0]!) ? ["/bin/sh", "-c", 'exec "$0" "$@"', ...argv] : argv;
  return [quoteUnit(program!), ...args.map((arg) => quoteUnit(arg.replaceAll("$", "$$$$")))].join(" ");
}

/** Characters that systemd refuses in a program's path, however they are quoted ("Executable name contains special characters"). */
const REFUSED_IN_PROGRAM = new RegExp(String.raw`["'\\${classOf(ARGUMENT_CONTROLS)}]`);

/** Renders the `Environment=` lines of variables (systemd.exec(5)). "$" has no meaning in them. */
export function renderUnitEnvironment(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([key, value]) => `Environment=${quoteUnit(`${key}=${value}`)}`)
    .join("\n");
}

/** Quotes a word for a unit file: C escapes in double quotes, and "%" doubled, since it begins a specifier (systemd.syntax(7)). */
function quoteUnit(word: string): string {
  const escaped = word.replace(/["\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${escaped.replace(CONTROL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

const CONTROL = anyOf(ARGUMENT_CONTROLS, "g");
