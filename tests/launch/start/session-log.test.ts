import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderPipePaneCommand, renderSessionLogger } from "../../../src/launch/start/session-log.ts";
import { fixture } from "../../support/fixtures.ts";
import { openPrivateTmux } from "../../support/private-tmux.ts";
import { openScratch } from "../../support/scratch.ts";
import { until } from "../../support/sandbox.ts";
import { canRun } from "../../support/can-run.ts";

const HOSTILE = "a b'c\"d#{pid}$HOME`id`%H%s\\n#[x]~;{}!é\n e.log";
const MB = 1024 * 1024;
/** The writer of a flood waits for its reader: a pipe holds 64 kB (pipe(7)), and a socket's buffers some 200 kB. */
const FLOOD_BYTES = 500_000;
const SHELLS = [["dash"], ["bash"], ["busybox", "sh"]]
  .filter(([name]) => Bun.which(name!) !== null)
  .map((argv) => [argv[0]!, argv] as const);

/** A logger that is fed by the test. */
function startLogger(argv: readonly string[], options: { path: string; maxBytes: number }) {
  // A bash that is not called sh reads ~/.bashrc when its stdin is a socket, as it is here and in tmux.
  const argv0 = argv[0] === "bash" ? "sh" : argv[0]!;
  return Bun.spawn([...argv, "-c", renderSessionLogger(options)], {
    argv0,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: {},
    cwd: "/",
    timeout: 60_000,
  });
}

/** Every byte value, in no order. */
function noise(bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  for (let at = 0, seed = 1; at < bytes; at += 1, seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) made[at] = seed >> 16;
  return made;
}

const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe.each(SHELLS)("the logger in %s", (_, argv) => {
  test("writes every byte to a hostile path, for nobody else to read, and ends with its input", async () => {
    using scratch = openScratch();
    const path = scratch.at("logs", HOSTILE);
    const sent = noise(3 * MB);
    const logger = startLogger(argv, { path, maxBytes: 10 * MB });
    void logger.stdin.write(sent);
    await logger.stdin.end();
    expect([await logger.exited, await logger.stdout.text(), await logger.stderr.text()]).toEqual([0, "", ""]);
    expect(sha(readFileSync(path))).toBe(sha(sent));
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777, readdirSync(dirname(path))]).toEqual([
      0o600,
      0o700,
      [HOSTILE],
    ]);
  });

  test("writes at once, and appends to what is there", async () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("log"), "before\n");
    const logger = startLogger(argv, { path: scratch.at("log"), maxBytes: MB });
    void logger.stdin.write("one");
    await logger.stdin.flush();
    await until("it is written", () => readFileSync(scratch.at("log"), "utf8") === "before\none");
    void logger.stdin.write("two");
    await logger.stdin.end();
    expect(await logger.exited).toBe(0);
    expect(readFileSync(scratch.at("log"), "utf8")).toBe("before\nonetwo");
  });

  test("keeps the last of a flood of 5 MB, within its bound at any moment", async () => {
    using scratch = openScratch();
    const path = scratch.at("log");
    const sent = noise(5 * MB);
    const logger = startLogger(argv, { path, maxBytes: MB });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, ...[path, `${path}.1`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0));
    }, 1);
    void logger.stdin.write(sent);
    await logger.stdin.end();
    expect(await logger.exited).toBe(0);
    clearInterval(watch);
    const kept = Buffer.concat([readFileSync(`${path}.1`), readFileSync(path)]);
    expect(Math.max(most, statSync(path).size, statSync(`${path}.1`).size)).toBeLessThanOrEqual(MB);
    expect(kept.length).toBeGreaterThan(MB / 2);
    expect(kept.equals(sent.subarray(-kept.length))).toBe(true);
    expect(readdirSync(scratch.path).toSorted()).toEqual(["log", "log.1"]);
  });

  test.each<[string, (path: string) => void]>([
    ["is a link", (path) => symlinkSync(`${path}.elsewhere`, path)],
    ["is a folder", (path) => mkdirSync(path)],
    ["is a FIFO", (path) => Bun.spawnSync(["mkfifo", path])],
    [
      "is in a file",
      (path) => {
        rmSync(dirname(path), { recursive: true });
        writeFileSync(dirname(path), "");
      },
    ],
  ])("drains a flood when its log %s", async (__, spoil) => {
    using scratch = openScratch();
    const path = scratch.at("logs", "log");
    mkdirSync(dirname(path));
    spoil(path);
    const logger = startLogger(argv, { path, maxBytes: MB });
    void logger.stdin.write(noise(FLOOD_BYTES));
    await logger.stdin.end();
    expect(await logger.exited).toBe(0);
    expect([existsSync(`${path}.elsewhere`), existsSync(`${path}.1`)]).toEqual([false, false]);
  });

  test("goes on when its folder was deleted and is there again", async () => {
    using scratch = openScratch();
    const path = scratch.at("logs", "log");
    const logger = startLogger(argv, { path, maxBytes: 20_000 });
    void logger.stdin.write("one");
    await logger.stdin.flush();
    await until("it is written", () => existsSync(path) && readFileSync(path, "utf8") === "one");
    rmSync(dirname(path), { recursive: true });
    mkdirSync(dirname(path));
    await until("it is written again", async () => {
      void logger.stdin.write("two");
      await logger.stdin.flush();
      return existsSync(path) && readFileSync(path, "utf8").endsWith("two");
    });
    await logger.stdin.end();
    expect(await logger.exited).toBe(0);
  });

  test("goes on when what stood in its log's way is gone", async () => {
    using scratch = openScratch();
    const path = scratch.at("log");
    mkdirSync(path);
    const logger = startLogger(argv, { path, maxBytes: 20_000 });
    // More than a pipe holds: the logger has seen what is in its way.
    void logger.stdin.write(noise(FLOOD_BYTES));
    await logger.stdin.flush();
    rmSync(path, { recursive: true });
    await until("it is written", async () => {
      void logger.stdin.write("two");
      await logger.stdin.flush();
      return existsSync(path) && readFileSync(path, "utf8").endsWith("two");
    });
    await logger.stdin.end();
    expect(await logger.exited).toBe(0);
  });

  test.skipIf(!canRun("unshare", "-m"))("drains while the disk is full, and logs again when there is room", async () => {
    using scratch = openScratch();
    const disk = scratch.at("disk");
    mkdirSync(disk);
    const logger = renderSessionLogger({ path: `${disk}/log`, maxBytes: 32 * 1024 });
    const ran = Bun.spawn(["unshare", "-m", fixture("log-on-full-disk.sh"), scratch.path, logger, ...argv], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000,
    });
    expect([await ran.exited, (await ran.stdout.text()).trim(), await ran.stderr.text()]).toEqual([0, "found", ""]);
  });
});

describe("on a real pane", () => {
  test("all that it prints is in the log, at a hostile path, and the logger ends with it", async () => {
    await using tmux = await openPrivateTmux();
    const path = tmux.at("logs", HOSTILE);
    const go = tmux.at("go");
    const pane = await tmux.call(
      "new-window",
      "-d",
      "-P",
      "-F",
      "#{pane_id}",
      "sh",
      "-c",
      `until [ -e ${go} ]; do sleep 0.02; done; printf 'h\\303\\251llo \\001\\377'; seq 1 20000; sleep 600`,
    );
    await tmux.call("pipe-pane", "-t", pane, renderPipePaneCommand({ path, maxBytes: 10 * MB, heldMark: tmux.at("held") }));
    writeFileSync(go, "");
    await until("all is logged", () => existsSync(path) && readFileSync(path, "latin1").endsWith("\r\n20000\r\n"));
    const seq = Array.from({ length: 20_000 }, (_, n) => `${n + 1}\r\n`).join("");
    expect(readFileSync(path, "latin1")).toBe(`h\u00c3\u00a9llo \u0001\u00ff${seq}`);
    const loggers = () => readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isLoggerOf(tmux.server.pid, pid));
    expect(loggers().length).toBe(1);
    await tmux.call("kill-pane", "-t", pane);
    await until("the logger is gone", () => {
      tmux.nudge();
      return loggers().length === 0;
    });
  });
});

function isLoggerOf(server: number, pid: string): boolean {
  try {
    const parent = /\) [A-Z] (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
    return parent === String(server) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("records in");
  } catch {
    // Gone meanwhile.
    return false;
  }
}

describe("the command", () => {
  const options = { path: `/x/${HOSTILE}`, maxBytes: 5 * MB };

  test.skipIf(Bun.which("shellcheck") === null)("passes shellcheck", () => {
    const checked = Bun.spawnSync(["shellcheck", "-s", "sh", "-"], {
      stdin: Buffer.from(`${renderSessionLogger(options)}\n`),
      stdout: "pipe",
    });
    expect(checked.stdout.toString()).toBe("");
  });

  test.each(SHELLS)("is read by %s", (_, argv) => {
    const read = Bun.spawnSync([...argv, "-n", "/dev/stdin"], {
      stdin: Buffer.from(renderSessionLogger(options)),
      stderr: "pipe",
    });
    expect([read.exitCode, read.stderr.toString()]).toEqual([0, ""]);
  });

  test("ends, and still drains, where there is no dd", () => {
    using scratch = openScratch();
    const command = renderSessionLogger({ path: scratch.at("log"), maxBytes: MB }).replace(
      "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
      `PATH=${scratch.path}`,
    );
    Bun.spawnSync(["ln", "-s", Bun.which("cat")!, Bun.which("mkdir")!, scratch.path]);
    const ran = Bun.spawnSync(["dash", "-c", command], { stdin: noise(MB), timeout: 5000 });
    expect(ran.exitCode).toBe(0);
  });
});
