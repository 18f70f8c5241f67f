import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { isHeld } from "../../src/core/disk/lock.ts";
import { isRunning, listProcesses } from "../../src/core/process/processes.ts";
import { renderCanaryScript } from "../../src/launch/recorder/script.ts";
import type { Witness } from "../../src/launch/recorder/types.ts";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import { readForensics } from "../../src/status/deaths/deaths.ts";
import { IDENTITY, type WatchedServer, watchServer } from "../support/recorder.ts";
import { until } from "../support/sandbox.ts";
import { soaked } from "../support/soak.ts";

const SHELLS: readonly (readonly [string, ...string[]])[] = [
  ["dash"],
  ["bash", "--posix"],
  ["bash"],
  ["busybox", "sh"],
  ["zsh", "--emulate", "sh"],
];
const installed = SHELLS.filter(([program]) => Bun.which(program) !== null).map((argv) => [argv.join(" "), argv] as const);
const WITNESSES = ["parent", "client"] as const satisfies readonly Witness[];
/** In small, each shell plays one witness: every shell, and both witnesses. */
const rows = installed.flatMap(([name, shell], index) =>
  soaked<readonly Witness[]>(WITNESSES, [WITNESSES[index % 2]!]).map((witness) => [name, witness, shell] as const),
);

/** Characters of a path that a shell or tmux would take for something else. */
const HOSTILE = "a b'c\"d#{pid}#(x)$HOME`x`%s;\\n*";

/** The client that the recorder waits with. */
function clientOf({ recorder }: WatchedServer) {
  return listProcesses().find(({ ppid, isZombie }) => ppid === recorder.pid && !isZombie);
}

/** The `sleep 1` through which the recorder rests; its pid. */
function findRest({ recorder }: WatchedServer): number | undefined {
  const rests = listProcesses().filter(({ pid, ppid }) => ppid === recorder.pid && readArguments(pid) === "sleep 1");
  return rests[0]?.pid;
}

function readArguments(pid: number): string {
  return Bun.spawnSync(["ps", "-o", "args=", "-p", String(pid)], { stdin: "ignore", stderr: "ignore" })
    .stdout.toString()
    .trim();
}

async function recorderIsGone(watched: WatchedServer): Promise<void> {
  await until("the recorder is gone", () => !isRunning(watched.recorder));
}

const KILLED = {
  parent: { wait_rc: "137", cause: "server-vanished", signal: "KILL", verdict: "killed" },
  client: { wait_rc: "1", cause: "server-vanished", verdict: "unknown" },
} as const;

describe.each(rows)("under %s, as a %s, the recorder", (_, witness, shell) => {
  test("records a server that was killed, once, with its forensics, and ends", async () => {
    await using watched = await watchServer({ shell, witness, rootName: HOSTILE });
    const { server, layout } = watched;
    process.kill(server.pid, "SIGKILL");
    await recorderIsGone(watched);
    const [record, ...more] = watched.exits();
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      ev: "server-exit",
      identity: IDENTITY,
      server_pid: String(server.pid),
      witness,
      ...KILLED[witness],
    });
    expect(record!["forensics"]!.startsWith(`${layout.deathsFolder}/${IDENTITY}-`)).toBe(true);
    const forensics = readForensics(record!["forensics"]!)!;
    expect(forensics.reasons.length).toBeGreaterThan(0);
    expect(forensics.text).toContain("MemTotal");
    expect(existsSync(watched.paths.recorded)).toBe(true);
    expect(existsSync(`${watched.paths.folder}/evidence`)).toBe(false);
  });

  test("calls an orderly end orderly", async () => {
    await using watched = await watchServer({ shell, witness });
    watched.tmux("kill-server");
    await recorderIsGone(watched);
    expect(watched.exits()).toMatchObject([{ wait_rc: "0", cause: "signaled-server-gone", verdict: "orderly-exit" }]);
  });

  test("says nothing of an end that was claimed", async () => {
    await using watched = await watchServer({ shell, witness });
    writeFileSync(watched.paths.claim, "{}");
    process.kill(watched.server.pid, "SIGKILL");
    await recorderIsGone(watched);
    expect(watched.exits()).toEqual([]);
  });

  test("ends silently at SIGTERM, its client with it, and lets the server be", async () => {
    await using watched = await watchServer({ shell, witness });
    const client = witness === "client" ? clientOf(watched)! : undefined;
    process.kill(watched.recorder.pid, "SIGTERM");
    await recorderIsGone(watched);
    // A shell may hand the lock on to its client, which ends a moment later.
    await until("its lock is free", () => !isHeld(watched.paths.lock));
    expect(isRunning(watched.server)).toBe(true);
    if (client !== undefined) await until("the client is gone", () => !isRunning(client));
    expect(watched.exits()).toEqual([]);
  });
});

describe.each(installed)("under %s, a client's recorder", (_, shell) => {
  test.each(["SIGTERM", "SIGKILL"] as const)("that lost its client to %s says so and watches on", async (signal) => {
    await using watched = await watchServer({ shell, witness: "client" });
    const client = clientOf(watched)!;
    process.kill(client.pid, signal);
    await until("it says so", () => watched.lifecycle().length === 1);
    expect(watched.lifecycle()).toMatchObject([{ ev: "canary", identity: IDENTITY, state: "watch-lost" }]);
    await until("it waits again", () => clientOf(watched)?.pid !== client.pid && clientOf(watched) !== undefined);
    process.kill(watched.server.pid, "SIGKILL");
    await recorderIsGone(watched);
    expect(watched.exits()).toHaveLength(1);
  });
});

test("a client that is refused again and again is not started in a circle, and the server's end is seen all the same", async () => {
  // As a tmux of another version would: it cannot talk to the server.
  const refused = (script: string) => script.replace(/^tmux=.*$/m, "tmux=/bin/false");
  await using watched = await watchServer({ witness: "client", graceMs: 10, change: refused, isReadyAwaited: false });
  await until("it lost its client several times", () => watched.lifecycle().length >= 4);
  let first: number | undefined;
  await until("it rests for a second", () => (first = findRest(watched)) !== undefined);
  await until("it rests for another one", () => ![undefined, first].includes(findRest(watched)));
  expect(watched.lifecycle()).toHaveLength(4);
  process.kill(watched.server.pid, "SIGKILL");
  await recorderIsGone(watched);
  expect(watched.exits()).toHaveLength(1);
});

test("a recorder whose starter was killed before it let it go on ends by itself", async () => {
  const child = Bun.spawn(["/bin/sh", "-c", renderCanaryScript(SCRIPT)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    env: { PATH: process.env["PATH"]! },
  });
  expect(await child.exited).toBe(0);
});

/** A layout whose paths hold what no root may have today, and an old one may. */
function hostileLayout(): Layout {
  const plain = Object.entries<string>({ ...layoutFrom({ IAPEER_ROOT: "/nowhere/ROOT" }) });
  return Object.fromEntries(plain.map(([name, path]) => [name, path.replace("ROOT", () => HOSTILE)])) as unknown as Layout;
}

const SCRIPT = {
  layout: hostileLayout(),
  identity: IDENTITY,
  incarnation: "11111111-2222-4333-8444-555555555555",
  socket: `/nowhere/${HOSTILE}.sock`,
  tmux: `/nowhere/${HOSTILE}/tmux`,
  witness: "parent",
  platform: "linux",
  graceMs: 2000,
} as const;

describe.each(["linux", "darwin"] as const)("the script for %s", (platform) => {
  test.skipIf(Bun.which("shellcheck") === null)("is clean under shellcheck -s sh", () => {
    const { exitCode, stdout } = Bun.spawnSync(["shellcheck", "-s", "sh", "-"], {
      stdin: Buffer.from(renderCanaryScript({ ...SCRIPT, platform })),
    });
    expect({ exitCode, said: stdout.toString() }).toEqual({ exitCode: 0, said: "" });
  });

  test.skipIf(Bun.which("dash") === null)("is one that dash reads", () => {
    const { exitCode, stderr } = Bun.spawnSync(["dash", "-n"], {
      stdin: Buffer.from(renderCanaryScript({ ...SCRIPT, platform })),
    });
    expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" });
  });
});
