import { anyOf, ARGUMENT_CONTROLS, escapeAsUnicode } from "../../model/characters.ts";

/** A text as one word of a POSIX shell's command. It may hold anything but NUL, which no argument holds. */
export function quoteForSh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const DEL = anyOf(["del"], "g");

/** A text as a basic string of TOML. The escapes are those of JSON, and DEL is escaped too (TOML 1.0, "String"). */
export function quoteForToml(text: string): string {
  return escapeAsUnicode(JSON.stringify(text), DEL);
}

/**
 * A text as one word of a tmux command, for `source-file`, a hook's value or if-shell. Formats in it stay as they are, see
 * escapeFormats. Newlines are escaped too: inside any quotes tmux drops the blanks that follow a newline.
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
 * Escapes a text for places where tmux expands formats (run-shell, if-shell). A run of `#` before a `[` is a style, which
 * tmux passes through.
 */
export function escapeFormats(text: string): string {
  return text.replace(/#+(?![#[])/g, "$&$&");
}

/** Escapes a text for places where tmux expands formats and the time of strftime(3): pipe-pane. */
export function escapeTimeFormats(text: string): string {
  return escapeFormats(text).replaceAll("%", "%%");
}

/**
 * The form from which `printf %b` makes the bytes of a text (POSIX.1-2024, printf, `%b`). It holds letters, digits,
 * `/._-` and octal escapes. No shell expands any of them inside single quotes.
 */
export function encodeForPrintf(text: string): string {
  return Array.from(Buffer.from(text, "utf8"), (byte) => {
    const c = String.fromCharCode(byte);
    return /[A-Za-z0-9/._-]/.test(c) ? c : `\\0${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}
