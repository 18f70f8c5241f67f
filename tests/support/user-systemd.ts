import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf } from "../../src/model/errors.ts";
import { fixture } from "./fixtures.ts";
import type { Sandbox } from "./sandbox.ts";
import { until } from "./sandbox.ts";

/** The systemd of a sandbox's user: the real one, in a control group and a mount namespace of its own. */
export interface UserSystemd extends AsyncDisposable {
  /** Starts it as at the boot of the host, with linger. */
  readonly boot: () => Promise<void>;
  /** Ends it as an orderly shutdown of the host does. */
  readonly shutDown: () => Promise<void>;
  /** Ends it as a power cut does. */
  readonly cutPower: () => Promise<void>;
  /** Calls systemctl, and returns its stdout. */
  readonly ctl: (...args: string[]) => string;
}

const PROGRAM = "/usr/lib/systemd/systemd";
const START_MS = 15_000;
const END_MS = 60_000;

let opened = 0;

/** undefined where this machine allows no such systemd. */
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
      await until("the group is gone", () => isRemoved(group));
    },
  };
}

const HIERARCHIES = "/sys/fs/cgroup";

/**
 * Makes a control group where systemd keeps its units: in systemd's own hierarchy beside those of the controllers, or in the only
 * one.
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
    // Some groups can be made, and take no process.
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
      // The group has gone with its last process.
      return [];
    }
  });
}

/** Removes the group from every controller: systemd makes it in each. False while the kernel has not let go of a process that ended. */
function isRemoved(group: string): boolean {
  const everywhere = [HIERARCHIES, ...readdirSync(HIERARCHIES).map((name) => join(HIERARCHIES, name))].map((folder) =>
    join(folder, basename(group)),
  );
  try {
    everywhere.flatMap(foldersOf).forEach((folder) => rmdirSync(folder));
    return true;
  } catch (error) {
    if (errnoOf(error) === "EBUSY") return false;
    throw error;
  }
}

/** Tells whether such a systemd starts on this machine. */
export async function hasUserSystemd(sandbox: Sandbox): Promise<boolean> {
  await using systemd = openUserSystemd(sandbox);
  return (
    (await systemd?.boot().then(
      () => true,
      () => false,
    )) ?? false
  );
}
