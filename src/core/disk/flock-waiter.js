// Runs in a worker, embedded as text: waits for an flock(2) that the main thread must not wait for itself.
const { dlopen, read } = require("bun:ffi");
const LOCK_EX = 2;
const EINTR = 4;

self.onmessage = ({ data: { libcName, errnoSymbol, fd } }) => {
  const { symbols } = dlopen(libcName, {
    flock: { args: ["i32", "i32"], returns: "i32" },
    [errnoSymbol]: { args: [], returns: "ptr" },
  });
  let errno;
  do {
    errno = symbols.flock(fd, LOCK_EX) === 0 ? 0 : read.i32(symbols[errnoSymbol](), 0);
  } while (errno === EINTR);
  postMessage(errno);
};
