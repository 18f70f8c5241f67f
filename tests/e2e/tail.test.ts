// Contract 8: tail.
import { describe, expect, test } from "bun:test";
import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorLine, ok } from "../support/calls.ts";
import { finish, openSandbox, type Sandbox, until } from "../support/sandbox.ts";

function logOf(sandbox: Sandbox, identity: string, text: string, suffix = ""): string {
  return sandbox.write(join(sandbox.root, `logs/lifecycle/${identity}.log${suffix}`), text);
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join("");
}

describe("tail", () => {
  test("the last 20 lines, or as many as are asked for, of the log before as well", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    logOf(sandbox, "claude-a", lines(0, 30), ".1");
    logOf(sandbox, "claude-a", lines(30, 35));
    expect((await ok(sandbox, "tail", "a")).stdout).toBe(lines(15, 35));
    expect((await ok(sandbox, "tail", "a", "--lines", "2")).stdout).toBe(lines(33, 35));
    expect((await ok(sandbox, "tail", "a", "--lines", "100")).stdout).toBe(lines(0, 35));
    expect(await sandbox.json("tail", "a", "--lines", "1")).toEqual({ identity: "claude-a", lines: ["line 34"] });
  });

  test("of the default runtime, or of the one that is named", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a", "--runtime", "codex", "--runtime", "claude");
    logOf(sandbox, "claude-a", "claude\n");
    logOf(sandbox, "codex-a", "codex\n");
    expect((await ok(sandbox, "tail", "a")).stdout).toBe("codex\n");
    expect((await ok(sandbox, "tail", "a", "--runtime", "claude")).stdout).toBe("claude\n");
    const missing = await sandbox.iapeer("tail", "a", "--runtime", "telegram", "--json");
    expect({ ...errorLine(missing), status: missing.status }).toMatchObject({ code: "runtime-not-found", status: 3 });
    expect(errorLine(missing).hint).toContain("it has: codex, claude");
    expect((await sandbox.iapeer("tail", "nobody")).status).toBe(3);
  });

  test("as lines to read, a last one that is not ended too", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    logOf(sandbox, "claude-a", "\u001b[31mred\u001b[0m\r\n10%\r100%\r\n\u001b]0;title\u0007a\u0007\tb\n> ask\u001b[?25h");
    expect((await ok(sandbox, "tail", "a")).stdout).toBe("red\n100%\na\tb\n> ask\n");
  });

  test("nothing yet is told on stderr, and is no failure", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    const told = { status: 0, stdout: "", stderr: "no session of claude-a has printed anything yet\n" };
    expect(await sandbox.iapeer("tail", "a")).toMatchObject(told);
    logOf(sandbox, "claude-a", "");
    expect(await sandbox.iapeer("tail", "a")).toMatchObject(told);
    expect(await sandbox.json("tail", "a")).toEqual({ identity: "claude-a", lines: [] });
  });

  test.each([
    ["--lines", "0"],
    ["--lines", "-1"],
    ["--lines", "many"],
    ["--lines", "1000000"],
    ["--follow", "--json"],
    ["--raw", "--json"],
    ["--follow", "--lines=-1"],
  ])("%s %s is refused", async (first, second) => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    expect((await sandbox.iapeer("tail", "a", first, second)).status).toBe(2);
  });
});

describe("tail of a program that draws", () => {
  const MARK = "== claude-a launched: 01234567-89ab-4cde-8f01-23456789abcd ==";

  test("is the lines as its terminal showed them, also when it has ended", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    logOf(
      sandbox,
      "claude-a",
      `plain\ttext\n${MARK}\n\u001b[2J\u001b[H\u001b[1mhello\u001b[0m\r\n> a\u001b[1A\rHELLO\u001b[2;3Hb\r\n`,
    );
    expect((await ok(sandbox, "tail", "a")).stdout).toBe(`plain\ttext\n${MARK}\nHELLO\n> b\n`);
    expect((await ok(sandbox, "tail", "a", "-n", "2")).stdout).toBe("HELLO\n> b\n");
    expect(await sandbox.json("tail", "a", "-n", "1")).toEqual({ identity: "claude-a", lines: ["> b"] });
  });

  test("of a log of 100 MB reads the end only, and says so", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    const path = logOf(sandbox, "claude-a", "");
    truncateSync(path, 100_000_000);
    appendFileSync(path, `\n\u001b[2J\u001b[H${"\u001b[2;1Hbusy\u001b[K".repeat(1000)}\u001b[1;1Hdrawn\r\n`);
    const child = sandbox.start(["tail", "a"]);
    expect(await finish(child)).toMatchObject({
      status: 0,
      stdout: "drawn\nbusy\n",
      stderr: `of the log of claude-a only the last 4 MiB are read; all of it: ${path}\n`,
    });
    expect(child.resourceUsage()!.maxRSS).toBeLessThan(400_000_000);
  });
});

describe("tail --raw", () => {
  const BYTES = Buffer.concat([
    Buffer.from("one\r\n\u001b[31mtwo\u001b[0m\r\n"),
    Buffer.from([0xff, 0xe2, 0x82]),
    Buffer.from("> "),
  ]);

  test("is the log, byte for byte, and goes on with each byte", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    const path = logOf(sandbox, "claude-a", "");
    appendFileSync(path, BYTES);
    const read = async (...args: string[]) => Buffer.from(await sandbox.start(["tail", "a", "--raw", ...args]).stdout.bytes());
    expect(await read()).toEqual(BYTES);
    expect(await read("-n", "2")).toEqual(BYTES.subarray(5));
    const child = sandbox.start(["tail", "a", "--raw", "-f", "-n", "0"]);
    try {
      const reader = child.stdout.getReader();
      const next = reader.read();
      await until("what is new", () => {
        appendFileSync(path, "\u001b[1A");
        return Promise.race([next.then(() => true), Bun.sleep(50).then(() => false)]);
      });
      const text = Buffer.from((await next).value!).toString();
      expect(text).toBe("\u001b[1A".repeat(text.length / 4));
    } finally {
      child.kill("SIGKILL");
    }
  });
});

/** A `tail --follow`, and all it has printed so far. */
function follow(sandbox: Sandbox, ...args: string[]) {
  const child = sandbox.start(["tail", "a", "--follow", ...args]);
  const seen = { text: "" };
  const read = async () => {
    for await (const chunk of child.stdout) seen.text += new TextDecoder().decode(chunk);
  };
  const done = read();
  return {
    child,
    seen,
    sees: async (text: string) => {
      await until(JSON.stringify(text), () => seen.text.endsWith(text));
      return seen.text;
    },
    ends: async () => {
      await done;
      return { status: await child.exited, stdout: seen.text };
    },
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}

describe("tail --follow", () => {
  test("goes on across a rotation and a truncation, until Ctrl-C: exit 130", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    const path = logOf(sandbox, "claude-a", `${lines(0, 5)}half`);
    using tail = follow(sandbox, "--lines", "2");
    await tail.sees(lines(3, 5));
    appendFileSync(path, " and half\n");
    await tail.sees("\nhalf and half\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "rotated\n");
    await tail.sees("rotated\n");
    truncateSync(path);
    appendFileSync(path, "e\n");
    await tail.sees("\ne\n");
    tail.child.kill("SIGINT");
    expect(await tail.ends()).toEqual({ status: 130, stdout: `${lines(3, 5)}half and half\nrotated\ne\n` });
  });

  test("waits for a session that has not printed yet, and --lines 0 shows nothing of what was before", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    using waiting = follow(sandbox);
    const path = join(sandbox.root, "logs/lifecycle/claude-a.log");
    logOf(sandbox, "claude-a", "first\n");
    await waiting.sees("first\n");
    using fresh = follow(sandbox, "--lines", "0");
    await until("what is new", () => {
      appendFileSync(path, "next\n");
      return fresh.seen.text.includes("next\n");
    });
    expect(fresh.seen.text).not.toContain("first");
    fresh.child.kill("SIGTERM");
    expect((await fresh.ends()).status).toBe(143);
  });

  test("ends when nobody reads it any more", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "a");
    const path = logOf(sandbox, "claude-a", lines(0, 3));
    const child = sandbox.start(["tail", "a", "--follow"]);
    try {
      const reader = child.stdout.getReader();
      await reader.read();
      await reader.cancel();
      await until("it ends", () => {
        appendFileSync(path, "more\n");
        return child.exitCode !== null;
      });
      expect(child.exitCode).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
