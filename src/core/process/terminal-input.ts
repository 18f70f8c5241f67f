import { dlopen, type Pointer, ptr } from "bun:ffi";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { LIBC_NAME } from "../libc.ts";

/** What a terminal's own input stands at, whatever its screen shows. */
export interface TerminalInput {
  /** The kernel hands its program whole lines, and every line end ends one (termios(3), ICANON). */
  readonly isLineMode: boolean;
  /** Something that was typed is there to be read, and no program has read it. */
  readonly hasUnread: boolean;
}

const isMac = process.platform === "darwin";

/** Where `c_lflag` is in `struct termios`, and ICANON in it. */
const LOCAL_FLAGS_OFFSET = isMac ? 24 : 12;
const ICANON = isMac ? 0x100 : 0x2;
/** poll(2): the same on Linux and macOS. */
const POLLIN = 1;

interface TerminalCalls {
  tcgetattr(fd: number, attributes: Pointer): number;
  poll(fds: Pointer, count: bigint, timeoutMs: number): number;
}

let calls: TerminalCalls | undefined;

function openCalls(): TerminalCalls {
  return dlopen(LIBC_NAME, {
    tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  }).symbols;
}

/** The input of a terminal by its device's path; undefined when it cannot be told. Nothing is read from it, and it becomes nobody's. */
export function readTerminalInput(path: string): TerminalInput | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    // Its program has ended, or it is in another mount namespace.
    return undefined;
  }
  try {
    calls ??= openCalls();
    if (!fstatSync(fd).isCharacterDevice()) return undefined;
    const attributes = Buffer.alloc(256);
    if (calls.tcgetattr(fd, ptr(attributes)) !== 0) return undefined;
    // `struct pollfd`: the descriptor, what is asked for, what there is.
    const asked = Buffer.alloc(8);
    asked.writeInt32LE(fd, 0);
    asked.writeInt16LE(POLLIN, 4);
    if (calls.poll(ptr(asked), 1n, 0) < 0) return undefined;
    return {
      isLineMode: (attributes.readUInt32LE(LOCAL_FLAGS_OFFSET) & ICANON) !== 0,
      hasUnread: (asked.readInt16LE(6) & POLLIN) !== 0,
    };
  } finally {
    closeSync(fd);
  }
}
