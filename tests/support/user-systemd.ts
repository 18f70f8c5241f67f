import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fixture } from "./fixtures.ts";
import type { Sandbox } from "./sandbox.ts";
import { until } from "./sandbox.ts";

/** The systemd of a sandbox's user: the real one, in a control group and a mount namespace of its own. */
export interface UserSystemd extends AsyncDisposable {
  /** As at the boot of the host, with linger. */
  readonly boot: () => Promise<void>;
  /** The orderly end of the host. */
  readonly shutDown: () => Promise<void>;
  /** The power is cut. */
  readonly cutPower: () => Promise<void>;
  /** A call of systemctl; its stdout. */
  readonly ctl: (...args: string[]) => string;
}

const PROGRAM = "/usr/lib/systemd/systemd";
const START_MS = 15_000;
const END_MS = 60_000;

let opened = 0;

/** undefined where this machine does not let us. */
export function openUserSystemd(sandbox: Sandbox): UserSystemd | undefined {
  const group = openGroup();
  if (group === undefined) return undefined;
  const runtime = join(sandbox.folder, "run");
  mkdirSync(runtime, { mode: 0o700 });
  sandbox.env["XDG_RUNTIME_DIR"] = runtime;
  const { HOME, PATH, LANG } = sandbox.env as { HOME: string; PATH: string; LANG: string };
  const env = {
    HOME,
    PATH,
    LANG,
    XDG_RUNTIME_DIR: runtime,
    IAPEER_TEST_SANDBOX: "1",
    SYSTEMD_LOG_TARGET: "console",
    SYSTEMD_LOG_LEVEL: "notice",
  };
  let manager: Bun.Subprocess | undefined;
  const ask = (args: readonly string[]) =>
    Bun.spawnSync(["systemctl", "--user", ...args], {
      env: { ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: START_MS,
    });
  const boot = async () => {
    manager = Bun.spawn(["unshare", "--mount", "setsid", fixture("start-user-systemd.sh"), group, PROGRAM], {
      env,
      cwd: "/",
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    await until(
      "the user's systemd answers",
      () => ask(["show", "--property=Version"]).success || manager?.exitCode !== null,
      START_MS,
    );
    if (manager.exitCode !== null) throw new Error(`systemd ended with ${manager.exitCode}`);
  };
  const untilEnded = async () => {
    await manager?.exited;
    manager = undefined;
    await until("nothing of it runs", () => processesOf(group).length === 0, END_MS);
  };
  const cutPower = async () => {
    manager?.kill("SIGKILL");
    for (const pid of processesOf(group))
      Bun.spawnSync(["/bin/kill", "-s", "KILL", String(pid)], { stdin: "ignore", stderr: "ignore" });
    await untilEnded();
  };
  return {
    boot,
    cutPower,
    shutDown: async () => {
      ask(["exit"]);
      await untilEnded();
    },
    ctl: (...args) => ask(args).stdout.toString().trim(),
    [Symbol.asyncDispose]: async () => {
      if (manager !== undefined || processesOf(group).length > 0) await cutPower();
      removeGroup(group);
    },
  };
}

const HIERARCHIES = "/sys/fs/cgroup";

/**
 * A control group of our own: where systemd keeps its units, which is in a hierarchy of its own beside those of the controllers, or the
 * only one there is.
 */
function openGroup(): string | undefined {
  const hierarchy = ["unified", "systemd", "."]
    .map((name) => join(HIERARCHIES, name))
    .find((folder) => existsSync(join(folder, "cgroup.procs")));
  const isAble =
    process.geteuid?.() === 0 &&
    existsSync(PROGRAM) &&
    Bun.spawnSync(["unshare", "--mount", "true"], { stderr: "ignore" }).success;
  if (hierarchy === undefined || !isAble) return undefined;
  const group = join(hierarchy, `iap-test-${process.pid}-${opened++}`);
  try {
    mkdirSync(group);
    // Nobody may be put into some that can be made.
    if (Bun.spawnSync(["sh", "-c", `echo $$ >'${group}/cgroup.procs'`], { stderr: "ignore" }).success) return group;
    rmdirSync(group);
    return undefined;
  } catch {
    return undefined;
  }
}

function foldersOf(group: string): string[] {
  if (!existsSync(group)) return [];
  const inner = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap(({ name }) => foldersOf(join(group, name))), group];
}

function processesOf(group: string): number[] {
  return foldersOf(group).flatMap((folder) => {
    try {
      return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      // It went with its last process.
      return [];
    }
  });
}

/** systemd makes the same groups for every controller. */
function removeGroup(group: string): void {
  const everywhere = [HIERARCHIES, ...readdirSync(HIERARCHIES).map((name) => join(HIERARCHIES, name))].map((folder) =>
    join(folder, basename(group)),
  );
  everywhere.flatMap(foldersOf).forEach((folder) => rmdirSync(folder));
}

/** Whether such a systemd starts on this machine at all. */
export async function hasUserSystemd(sandbox: Sandbox): Promise<boolean> {
  await using systemd = openUserSystemd(sandbox);
  return (
    (await systemd?.boot().then(
      () => true,
      () => false,
    )) ?? false
  );
}
