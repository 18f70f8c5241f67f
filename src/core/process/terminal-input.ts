import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { isReadable, readTerminalMode } from "../libc.ts";

/** The state of a terminal's input, whatever its screen shows. */
export interface TerminalInput {
  /** The kernel hands the program whole lines, and each line end ends one (termios(3), ICANON). */
  readonly isLineMode: boolean;
  /** The kernel shows what is typed (ECHO). A program that reads keys mostly shows that itself. */
  readonly isEchoing: boolean;
  /** Input waits that no program has read. */
  readonly hasUnread: boolean;
}

/**
 * The input of a terminal, by the path of its device; undefined when it cannot be told. It reads nothing from the terminal, and does not
 * become its controlling process.
 */
export function readTerminalInput(path: string): TerminalInput | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    // Its program has ended, or it is in another mount namespace.
    return undefined;
  }
  try {
    if (!fstatSync(fd).isCharacterDevice()) return undefined;
    const [mode, unread] = [readTerminalMode(fd), isReadable(fd)];
    return mode === undefined || unread === undefined ? undefined : { ...mode, hasUnread: unread };
  } finally {
    closeSync(fd);
  }
}
