import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { planAttach, planWatch } from "../../src/app/attach.ts";
import { armPeer, dismissPeer, listCanaries } from "../../src/app/canaries.ts";
import { launchPeer } from "../../src/app/launch.ts";
import { removePeers } from "../../src/app/remove.ts";
import { prepareSending, sendMessage } from "../../src/app/send/send.ts";
import { showPeer } from "../../src/app/show.ts";
import { stopPeers } from "../../src/app/stop.ts";
import { lookAfterServers } from "../../src/app/supervise.ts";
import type { App } from "../../src/app/types.ts";
import { revisePeer } from "../../src/app/update.ts";
import { tryHold } from "../../src/core/disk/lock.ts";
import { isAbandoned, writeClaim } from "../../src/launch/claim.ts";
import { readSocket, renderRecorderFor } from "../../src/launch/recorder/recorder.ts";
import { mintIncarnation } from "../../src/launch/session/session.ts";
import { identifySender } from "../../src/launch/sender.ts";
import { findUnrecorded } from "../../src/launch/unwitnessed.ts";
import { mintToken, TOKEN_VARIABLE } from "../../src/launch/token.ts";
import { findElsewhere } from "../../src/status/elsewhere.ts";
import { incarnationPaths, pointerPath, saveIncarnation } from "../../src/status/incarnation/incarnation.ts";
import type { Incarnation, IncarnationPaths } from "../../src/status/incarnation/types.ts";
import { readStatuses } from "../../src/status/liveness/liveness.ts";
import { openTold } from "../support/app.ts";
import { listenWithoutAccepting } from "../support/listener.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { prepareSessions, registerBy } from "../support/session.ts";

let box: Sandbox;
let app: App;
beforeEach(async () => {
  box = openSandbox();
  prepareSessions(box);
  await registerBy(box, "bob");
  app = openTold(box).app;
});
afterEach(() => box[Symbol.dispose]());

const signal = AbortSignal.timeout(30_000);
const bob = { personality: "bob" };
const { token, hash } = mintToken();

/** A session of bob that was launched in a namespace that no process is in: its pids are those of processes that run here. */
function saveForeign(more: Partial<Incarnation> = {}): { readonly saved: Incarnation; readonly paths: IncarnationPaths } {
  const minted = mintIncarnation(app.layout, "claude-bob", { now: new Date(), tokenHash: hash });
  const here = { pid: process.pid, start: "1" };
  const saved: Incarnation = { ...minted, pid_namespace: "pid:[1]", server: here, pane: { ...here, id: "%0" }, ...more };
  saveIncarnation(app.layout, saved);
  return { saved, paths: incarnationPaths(app.layout, "claude-bob", saved.incarnation) };
}

function listen(path: string): Disposable {
  mkdirSync(app.layout.socketFolder, { recursive: true, mode: 0o700 });
  return listenWithoutAccepting(path);
}

const listState = () =>
  (readdirSync(app.layout.stateFolder, { recursive: true }) as string[]).filter((path) => !path.endsWith("lock"));

const VERBS: readonly [string, () => Promise<unknown>][] = [
  ["launch", async () => await launchPeer(app, { ...bob, args: [] }, signal)],
  ["launch --unless-stopped, as at boot", async () => await launchPeer(app, { ...bob, args: [], unlessStopped: true }, signal)],
  ["stop", async () => await stopPeers(app, { choice: { kind: "peers", personalities: ["bob"] }, isMarked: true }, signal)],
  ["stop --all", async () => await stopPeers(app, { choice: { kind: "all" }, isMarked: true }, signal)],
  ["send", async () => await send()],
  ["send --directive sleep", async () => await send({ directive: "sleep", graceMs: 10 })],
  ["attach", async () => await planAttach(app, bob)],
  ["watch", async () => await planWatch(app, bob)],
  ["canary arm", async () => await armPeer(app, bob, signal)],
  ["canary dismiss", async () => await dismissPeer(app, bob, signal)],
  ["remove", async () => await removePeers(app, { personalities: ["bob"], isForced: false }, signal)],
  ["remove --force", async () => await removePeers(app, { personalities: ["bob"], isForced: true }, signal)],
  [
    "update --remove-runtime",
    async () =>
      await revisePeer(
        app,
        {
          ...bob,
          request: { addRuntimes: ["codex"], removeRuntimes: ["claude"], defaultRuntime: "codex" },
          isProvisioned: false,
        },
        signal,
      ),
  ],
];

async function send(order?: { readonly directive: "sleep"; readonly graceMs: number }): Promise<unknown> {
  const message = { kind: "text", text: "hello" } as const;
  return await sendMessage(app, await prepareSending(app, { to: bob, message, verify: false, order }), signal);
}

/** The code of a refusal: thrown, or in the only row. */
async function codeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    const rows = (await work()) as readonly { readonly error?: { readonly code: string } }[];
    return rows[0]?.error?.code;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? error;
  }
}

describe.skipIf(process.platform !== "linux")("a session of another PID namespace", () => {
  test.each(VERBS)("is refused by %s, and everything stays as it was", async (_, work) => {
    saveForeign();
    const before = listState();
    expect(await codeOf(work)).toBe("session-elsewhere");
    expect(listState()).toEqual(before);
  });

  test("is not recorded and not taken away by supervise, and nothing calls it unrecorded", async () => {
    saveForeign();
    const before = listState();
    expect(await lookAfterServers(app, {}, signal)).toEqual([]);
    expect(listState()).toEqual(before);
    expect(existsSync(app.layout.exitsLog)).toBe(false);
    expect(findUnrecorded(app.layout)).toEqual([]);
  });

  test("is unknown, with the reason, also where a server answers on its socket", async () => {
    const { saved } = saveForeign();
    const reason = "it was launched in another PID namespace, whose processes cannot be seen here";
    expect((await showPeer(app, bob)).runtimes).toEqual([{ runtime: "claude", status: "unknown", reason }]);
    expect(await listCanaries(app)).toMatchObject([{ identity: "claude-bob", server_pid: null, armed: false, reason }]);
    using _server = listen(saved.socket);
    expect(readStatuses(app.layout).of("claude-bob")).toBe("unknown");
  });

  test("that is not the current one any more is refused all the same", async () => {
    saveForeign();
    rmSync(pointerPath(app.layout, "claude-bob"));
    expect(await codeOf(async () => await launchPeer(app, { ...bob, args: [] }, signal))).toBe("session-elsewhere");
    expect(await codeOf(VERBS.find(([name]) => name === "remove")![1])).toBe("session-elsewhere");
  });

  test("is still the caller by its token: a runtime may call from a sandbox", () => {
    const { saved } = saveForeign();
    const sender = identifySender(app.layout, { [TOKEN_VARIABLE]: token });
    expect(sender).toEqual({ kind: "peer", name: "bob", identity: "claude-bob", incarnation: saved.incarnation });
    expect(identifySender(app.layout, { [TOKEN_VARIABLE]: "another" }).kind).toBe("person");
  });
});

const HELD = (path: string) => {
  const fd = tryHold(path)!;
  return () => closeSync(fd);
};
const NOTHING = () => undefined;

describe.skipIf(process.platform !== "linux")("a session whose processes cannot be seen", () => {
  test.each<[string, Partial<Incarnation>, (saved: Incarnation, paths: IncarnationPaths) => () => unknown, boolean]>([
    ["with no proof of anything may go on", {}, () => NOTHING, true],
    ["whose recorder holds its lock goes on", {}, (_, { lock }) => HELD(lock), true],
    ["whose server holds its lock goes on", {}, (_, { serverLock }) => HELD(serverLock), true],
    [
      "whose server's lock is there and free has ended",
      {},
      (_, { serverLock }) => {
        writeFileSync(serverLock, "");
        return NOTHING;
      },
      false,
    ],
    [
      "with a record has ended",
      {},
      (_, { recorded }) => {
        writeFileSync(recorded, "");
        return NOTHING;
      },
      false,
    ],
    [
      "whose socket answers goes on",
      {},
      ({ socket }) => {
        const server = listen(socket);
        return () => server[Symbol.dispose]();
      },
      true,
    ],
    ["that never got a server has ended", { server: null, pane: null }, () => NOTHING, false],
    ["of another boot has ended", { boot_id: "another" }, () => NOTHING, false],
    ["of another boot whose recorder holds its lock goes on", { boot_id: "another" }, (_, { lock }) => HELD(lock), true],
  ])("%s", (_, more, prepare, goesOn) => {
    const { saved, paths } = saveForeign(more);
    const end = prepare(saved, paths);
    expect(findElsewhere(app.layout, saved) !== undefined).toBe(goesOn);
    end();
  });

  test("and whose socket refuses has ended", () => {
    const { saved } = saveForeign();
    // The file of a socket stays when its process closes it.
    listen(saved.socket)[Symbol.dispose]();
    expect(findElsewhere(app.layout, saved)).toBeUndefined();
  });

  test("of an earlier version, which saved no namespace, is one of here", () => {
    const { saved } = saveForeign();
    const { pid_namespace: _namespace, ...earlier } = saved;
    expect(findElsewhere(app.layout, earlier)).toBeUndefined();
  });
});

test("a recorder's script tells its socket, whatever the path holds", () => {
  const { saved, paths } = saveForeign({ socket: "/a 'b'/$HOME \"c\".sock" });
  expect(readSocket(paths)).toBeUndefined();
  writeFileSync(paths.script, renderRecorderFor(saved, { witness: "client" }, app), { mode: 0o600 });
  expect(readSocket(paths)).toBe(saved.socket);
});

test("a claim of another PID namespace is not abandoned, whatever its process's number means here", () => {
  const { paths } = saveForeign();
  writeClaim(paths, "stop", new Date());
  expect(isAbandoned(paths)).toBe(false);
  const claim = JSON.parse(readFileSync(paths.claim, "utf8")) as object;
  const gone = { ...claim, claimant: { pid: process.pid, start: "1" } };
  writeFileSync(paths.claim, JSON.stringify(gone), { mode: 0o600 });
  expect(isAbandoned(paths)).toBe(true);
  writeFileSync(paths.claim, JSON.stringify({ ...gone, pid_namespace: "pid:[1]" }), { mode: 0o600 });
  expect(isAbandoned(paths)).toBe(false);
});
