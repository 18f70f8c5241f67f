import { expect, test } from "bun:test";
import { closeChildStdin, writeToChild } from "../../../src/core/process/child-stdin.ts";

test("a child reads what is written to it, until its stdin is closed", async () => {
  const child = Bun.spawn(["cat"], { stdin: "pipe", stdout: "pipe" });
  writeToChild(child.stdin, "one\n");
  writeToChild(child.stdin, "two\n");
  closeChildStdin(child.stdin);
  expect(await child.stdout.text()).toBe("one\ntwo\n");
});

test("a child that was killed is written to without an error, at once and when its end is known", async () => {
  for (let n = 0; n < 50; n += 1) {
    const child = Bun.spawn(["cat"], { stdin: "pipe", stdout: "ignore" });
    process.kill(child.pid, "SIGKILL");
    writeToChild(child.stdin, "one\n");
    await child.exited;
    writeToChild(child.stdin, "two\n");
    closeChildStdin(child.stdin);
  }
});
