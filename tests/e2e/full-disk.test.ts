// A full disk must not keep an agent running, nor make a death of an end that was wanted.
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { canRun } from "../support/can-run.ts";
import { fixture } from "../support/fixtures.ts";
import { BINARY, openSandbox, type Sandbox } from "../support/sandbox.ts";
import { declareLineReaders, prepareSessions } from "../support/session.ts";
import { prepareShared, SHARED } from "../support/shared-server.ts";

const SIZE = "size=2m";
const INODES = "nr_inodes=60";
const UNTIL_ASLEEP =
  'i=0; while [ "$i" -lt 100 ] && "$iapeer" list --json | grep -q \'"live"\'; do i=$((i + 1)); sleep 0.1; done';

interface Way {
  readonly what: string;
  readonly option?: string;
  readonly kind?: "blocks" | "inodes";
  readonly launch?: string;
  readonly end: string;
  /** The status of bob after the end, while the disk is still full. */
  readonly status: string;
}

const WAYS: readonly Way[] = [
  { what: "stop", end: '"$iapeer" stop bob', status: "stopped" },
  { what: "stop, where no inode is left", option: INODES, kind: "inodes", end: '"$iapeer" stop bob', status: "stopped" },
  { what: "stop of a session on a shared server", launch: `--socket ${SHARED}`, end: '"$iapeer" stop bob', status: "stopped" },
  {
    what: "a dismissal of the canary, and a stop behind it",
    end: '"$iapeer" canary dismiss bob && "$iapeer" stop bob',
    status: "stopped",
  },
  {
    what: "a dismissal that is taken back, and a stop",
    end: '"$iapeer" canary dismiss bob && "$iapeer" canary arm bob; "$iapeer" stop bob',
    status: "stopped",
  },
  { what: "an order to sleep", end: '"$iapeer" send bob --directive sleep --grace 0s -m "good night"', status: "stopped" },
  { what: "an agent that retires", end: `: >"$HOME/go"; ${UNTIL_ASLEEP}`, status: "stopped" },
];

const text = (sandbox: Sandbox, name: string) => readFileSync(join(sandbox.folder, name), "utf8");
/** The JSON that a call printed. */
function json(sandbox: Sandbox, name: string): any {
  return JSON.parse(text(sandbox, name)) as unknown;
}

/** Plays a way to end a session on a full disk, and throws where the scene could not be set. */
async function play(sandbox: Sandbox, { option = SIZE, kind = "blocks", launch = "", end }: Omit<Way, "what" | "status">) {
  mkdirSync(sandbox.root, { mode: 0o700 });
  prepareSessions(sandbox);
  prepareShared(sandbox);
  declareLineReaders({ root: sandbox.home });
  sandbox.env["IAPEER_CLAUDE_BIN"] = sandbox.script(
    "agent-that-retires",
    `{ until [ -e "$HOME/go" ]; do sleep 0.05; done; '${BINARY}' retire; } &\nexec sh '${fixture("agent.sh")}'`,
  );
  const argv = ["unshare", "-m", fixture("end-on-full-disk.sh"), BINARY, option, kind, launch, end];
  const child = Bun.spawn(argv, { env: sandbox.env, cwd: sandbox.folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const stderr = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`exit ${child.exitCode}: ${stderr}`);
}

test.skipIf(!canRun("unshare", "-m")).each(WAYS.map((way) => [way.what, way] as const))(
  "on a full disk the session ends, and no death is recorded: %s",
  async (_, way) => {
    using sandbox = openSandbox();
    await play(sandbox, way);
    expect([text(sandbox, "ended-status").trim(), text(sandbox, "ended-err")]).toEqual(["0", expect.any(String)]);
    expect(json(sandbox, "listed")[0].runtimes).toEqual([{ runtime: "claude", status: way.status }]);
    expect([json(sandbox, "supervised"), json(sandbox, "died")]).toEqual([[], []]);
    expect(text(sandbox, "kept")).not.toContain("session.json");
  },
);

test.skipIf(!canRun("unshare", "-m"))("a removal by force ends the session, and goes on when there is room", async () => {
  using sandbox = openSandbox();
  const again = 'rm -r "$IAPEER_ROOT/fill"; mkdir "$IAPEER_ROOT/fill"; "$iapeer" remove bob --force';
  await play(sandbox, { end: `"$iapeer" remove bob --force || { ${again}; }` });
  expect([text(sandbox, "ended-status").trim(), text(sandbox, "ended-err")]).toEqual(["0", expect.any(String)]);
  expect([json(sandbox, "listed"), json(sandbox, "supervised"), json(sandbox, "died")]).toEqual([[], [], []]);
});

test.skipIf(!canRun("unshare", "-m"))("a full disk is told by status and by doctor, with its folder", async () => {
  using sandbox = openSandbox();
  await play(sandbox, { end: "true" });
  const full = `the disk of ${sandbox.root} is full: 0 KiB are left`;
  const { ok, attention } = json(sandbox, "full-status");
  expect(ok).toBe(false);
  expect(attention).toContainEqual({ message: `${full}, and nothing can be recorded`, hint: `df -h '${sandbox.root}'` });
  const hint = `see what fills it: df -h '${sandbox.root}'`;
  expect(json(sandbox, "full-doctor").checks).toContainEqual({ check: "disk", state: "error", message: full, hint });
});
