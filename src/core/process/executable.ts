import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { describeErrno, errnoOf } from "../../model/errors.ts";
import { quoteForMessage } from "../../model/names.ts";

/** The environment that a program is started with. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The bytes of a file that execve(2) reads to see how to run it (BINPRM_BUF_SIZE on Linux). */
const HEAD_BYTES = 256;

/**
 * Why this file cannot be run, in words that tell the cases apart; undefined when nothing speaks against it. The kernel decides at the
 * start itself: a file may change, and formats can be registered.
 *
 * @param env the environment of the start; its PATH finds an interpreter that a `#!/usr/bin/env` line names
 */
export function whyNotExecutable(path: string, env: Environment): string | undefined {
  const why = whyNotProgram(path);
  if (why !== undefined) return `${path} ${why}`;
  return whyNotFormat(path, readHead(path), env);
}

function whyNotProgram(path: string): string | undefined {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return "is a folder";
    if (found.isFIFO()) return "is a FIFO, not a program";
    if (!found.isFile()) return "is not a regular file";
    if ((found.mode & 0o6000) !== 0) return "is setuid or setgid; iapeer does not run such a program";
    if (found.size === 0) return "is empty";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "does not exist";
    if (errnoOf(error) === "EACCES") return "is not executable for this user (permission denied)";
    return `cannot be run: ${describeErrno(error)}`;
  }
}

/** The first bytes of a program; empty for one that may be run and not read. */
function readHead(path: string): Buffer {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const head = Buffer.alloc(HEAD_BYTES);
    const length = readSync(fd, head, 0, HEAD_BYTES, 0);
    closeSync(fd);
    return head.subarray(0, length);
  } catch {
    // This user may not read it. The start will tell.
    return Buffer.alloc(0);
  }
}

function whyNotFormat(path: string, head: Buffer, env: Environment): string | undefined {
  const interpreter = parseInterpreter(head);
  if (interpreter === undefined) return undefined;
  if (interpreter.endsWith("\r")) {
    return `${path} names the interpreter ${quoteForMessage(interpreter)}: its first line ends in CRLF; save the file with Unix line ends`;
  }
  const why = whyNotInterpreter(interpreter, env);
  return why === undefined ? undefined : `${path} needs the interpreter ${quoteForMessage(interpreter)}, which ${why}`;
}

function whyNotInterpreter(interpreter: string, env: Environment): string | undefined {
  if (interpreter === "") return "is not named";
  if (interpreter.includes("/")) return whyNotProgram(interpreter);
  return Bun.which(interpreter, { PATH: env["PATH"] ?? "" }) === null ? "is not on PATH" : undefined;
}

/**
 * The program that a `#!` line names (execve(2)), or NAME for `#!/usr/bin/env NAME`; undefined for a file without such a line.
 */
export function parseInterpreter(head: Buffer): string | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const line = head.subarray(2).toString("utf8").split("\n", 1)[0]!;
  const [, interpreter, argument] = /^[ \t]*([^ \t\0]*)[ \t]*([^\0]*)/.exec(line)!;
  // env itself reads options and assignments.
  const isName = interpreter!.endsWith("/env") && /^[^-=\s][^=\s]*\r?[ \t]*$/.test(argument!);
  return isName ? argument!.replace(/[ \t]+$/, "") : interpreter!;
}
