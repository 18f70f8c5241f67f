import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IapeerError } from "../../src/model/errors.ts";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { openTmux } from "../../src/core/tmux.ts";
import { until } from "../support/sandbox.ts";

const tmux = openTmux(process.env);
const folders: string[] = [];
const servers: { pid: number; start: string }[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    signalProcess(server, "SIGKILL");
    await until("the server is gone", () => !isRunning(server));
  }
  folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/** A socket's path of just so many bytes, in a private folder. */
function socketOf(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), "iap-"));
  folders.push(folder);
  return join(folder, "s".repeat(bytes - folder.length - 1));
}

async function startServer(socket: string): Promise<void> {
  const started = await tmux.call(socket, ["-f", "/dev/null", "new-session", "-d", "-s", "one", "sleep", "600"]);
  expect(started).toEqual({ ok: true, stdout: "" });
  const pid = await tmux.call(socket, ["display-message", "-p", "#{pid}"]);
  servers.push(readProcess(Number(pid.ok ? pid.stdout : 0))!);
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return await call.then(
    () => undefined,
    (error: unknown) => (error instanceof IapeerError ? error.code : String(error)),
  );
}

describe("a socket's path", () => {
  test("of 107 bytes works", async () => {
    const socket = socketOf(107);
    await startServer(socket);
    expect(await tmux.call(socket, ["list-sessions", "-F", "#{session_name}"])).toEqual({ ok: true, stdout: "one\n" });
  });

  test("of 108 bytes is refused before tmux sees it, and the message names IAPEER_SOCK_DIR", async () => {
    const call = tmux.call(socketOf(108), ["list-sessions"]);
    expect(await codeOf(call)).toBe("socket-path-too-long");
    expect(await call.catch((error: IapeerError) => error.hint)).toContain("IAPEER_SOCK_DIR");
  });
});

describe("a socket folder", () => {
  test.each([0o755, 0o750, 0o777])("of mode %o is refused", async (mode) => {
    const socket = socketOf(60);
    mkdirSync(join(socket, ".."), { recursive: true });
    chmodSync(join(socket, ".."), mode);
    expect(await codeOf(tmux.call(socket, ["list-sessions"]))).toBe("socket-folder-insecure");
  });
});

describe("a call", () => {
  test("to a server that does not answer ends at its deadline", async () => {
    const socket = socketOf(60);
    await startServer(socket);
    const server = servers[0]!;
    process.kill(server.pid, "SIGSTOP");
    const answer = await tmux.call(socket, ["list-sessions"], { timeoutMs: 300 });
    expect(answer).toEqual({ ok: false, why: "no answer within 300 ms" });
    process.kill(server.pid, "SIGCONT");
  });

  test("from inside another tmux is not led astray by $TMUX", async () => {
    const socket = socketOf(60);
    await startServer(socket);
    const inside = openTmux({ ...process.env, TMUX: "/nowhere/socket,1,0" });
    const answer = await inside.call(socket, ["display-message", "-p", "#{socket_path}"]);
    expect(answer).toEqual({ ok: true, stdout: `${socket}\n` });
  });

  test("ends when it is aborted, and one that was aborted before starts nothing", async () => {
    const socket = socketOf(60);
    await startServer(socket);
    const abort = new AbortController();
    const waiting = tmux.call(socket, ["wait-for", "never"], { signal: abort.signal });
    abort.abort();
    expect(await waiting).toEqual({ ok: false, why: "interrupted" });
    expect(await tmux.call(socket, ["list-sessions"], { signal: abort.signal })).toEqual({ ok: false, why: "interrupted" });
  });

  test("goes to the tmux of the environment that it was opened with", async () => {
    const folder = mkdtempSync(join(tmpdir(), "iap-"));
    folders.push(folder);
    writeFileSync(join(folder, "tmux"), '#!/bin/sh\necho "tmux 9.9 $*"\n', { mode: 0o755 });
    const other = openTmux({ PATH: `${folder}:${process.env["PATH"]}` });
    expect(other.path).toBe(join(folder, "tmux"));
    expect(await other.readVersion()).toBe("9.9 -V");
    expect(await other.call(join(folder, "s"), ["x"])).toEqual({ ok: true, stdout: `tmux 9.9 -S ${join(folder, "s")} x\n` });
    const none = openTmux({ PATH: "/nowhere" });
    expect(() => none.path).toThrow(expect.objectContaining({ code: "tmux-missing" }));
    expect(await codeOf(none.call(join(folder, "s"), ["x"]))).toBe("tmux-missing");
  });
});
