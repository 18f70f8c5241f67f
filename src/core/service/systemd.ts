import { anyOf, ARGUMENT_CONTROLS, classOf } from "../../model/characters.ts";

/**
 * A command of a unit (systemd.service(5), Command Lines). "$" is substituted in arguments, not in the program's own path.
 *
 * @param argv its first word is an absolute path.
 */
export function renderUnitCommand(argv: readonly string[]): string {
  const [program, ...args] = REFUSED_IN_PROGRAM.test(argv[0]!) ? ["/bin/sh", "-c", 'exec "$0" "$@"', ...argv] : argv;
  return [quoteUnit(program!), ...args.map((arg) => quoteUnit(arg.replaceAll("$", "$$$$")))].join(" ");
}

/** "Executable name contains special characters", says systemd, however they are quoted. */
const REFUSED_IN_PROGRAM = new RegExp(String.raw`["'\\${classOf(ARGUMENT_CONTROLS)}]`);

/** The `Environment=` lines of some variables (systemd.exec(5)); "$" has no meaning in them. */
export function renderUnitEnvironment(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([key, value]) => `Environment=${quoteUnit(`${key}=${value}`)}`)
    .join("\n");
}

/** A word of a unit file: in double quotes, C escapes, "%" twice since it begins a specifier (systemd.syntax(7), systemd.unit(5)). */
function quoteUnit(word: string): string {
  const escaped = word.replace(/["\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${escaped.replace(CONTROL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

const CONTROL = anyOf(ARGUMENT_CONTROLS, "g");
