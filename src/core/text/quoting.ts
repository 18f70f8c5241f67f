import { anyOf, ARGUMENT_CONTROLS, escapeAsUnicode } from "../../model/characters.ts";

/** One word of a POSIX shell's command, whatever the text holds (but NUL, which no argument can). */
export function quoteForSh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const DEL = anyOf(["del"], "g");

/** A basic string of TOML. JSON's escapes are TOML's, but for DEL, which TOML wants escaped too (TOML 1.0, "String"). */
export function quoteForToml(text: string): string {
  return escapeAsUnicode(JSON.stringify(text), DEL);
}

/**
 * One word of a tmux command, as `source-file`, a hook's value or if-shell read it. Formats in it are left as they
 * are, see escapeFormats. Double quotes and escapes: inside any quotes tmux drops the blanks that follow a newline.
 */
export function quoteForTmux(text: string): string {
  return `"${text.replace(TMUX_SPECIAL, "\\$&").replace(ARGUMENT_CONTROL, (c) => octal(c.charCodeAt(0)))}"`;
}

/** The characters that tmux expands inside double quotes (tmux(1), "Parsing syntax"). */
const TMUX_SPECIAL = /["\\$~]/g;
const ARGUMENT_CONTROL = anyOf(ARGUMENT_CONTROLS, "g");

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}

/**
 * A text that tmux's expansion of formats (run-shell, if-shell) gives back as it was. A run of `#` before a `[`
 * is a style, and tmux passes it through.
 */
export function escapeFormats(text: string): string {
  return text.replace(/#+(?![#[])/g, "$&$&");
}

/** The same where tmux expands the time as well, with strftime(3): pipe-pane. */
export function escapeTimeFormats(text: string): string {
  return escapeFormats(text).replaceAll("%", "%%");
}

/**
 * The form from which `printf %b` makes the text's bytes. It holds nothing that any shell expands inside single quotes:
 * letters, digits, `/`, `.`, `_`, `-`, and octal escapes (POSIX.1-2024, printf, `%b`).
 */
export function encodeForPrintf(text: string): string {
  return Array.from(Buffer.from(text, "utf8"), (byte) => {
    const c = String.fromCharCode(byte);
    return /[A-Za-z0-9/._-]/.test(c) ? c : `\\0${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}
