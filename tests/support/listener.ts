import { dlopen, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { LIBC_NAME } from "../../src/core/libc.ts";

/** A unix socket that listens with the smallest queue and never accepts, like a hung server. Linux only. */
export function listenWithoutAccepting(path: string): Disposable {
  const { symbols } = dlopen(LIBC_NAME, {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    listen: { args: ["i32", "i32"], returns: "i32" },
  });
  const [AF_UNIX, SOCK_STREAM] = [1, 1];
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  const fd = symbols.socket(AF_UNIX, SOCK_STREAM, 0);
  if (symbols.bind(fd, ptr(address), address.length) !== 0 || symbols.listen(fd, 0) !== 0)
    throw new Error(`cannot listen on ${path}`);
  return { [Symbol.dispose]: () => closeSync(fd) };
}
