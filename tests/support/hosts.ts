import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessId } from "../../src/core/process/process-table.ts";
import { listProcesses } from "../../src/core/process/processes.ts";
import { BINARY, finish, type Finished, until } from "./sandbox.ts";
import { canRun } from "./can-run.ts";
import { fixture } from "./fixtures.ts";
import { untilGone } from "./session.ts";

/** A host with a network, a name, a home and a root of its own, and an sshd for the other host. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly folder: string;
  readonly home: string;
  readonly root: string;
  readonly env: Record<string, string>;
  /** Runs a command on the host. */
  run(argv: readonly string[], options?: RunOptions): Promise<Finished>;
  iapeer(...args: string[]): Promise<Finished>;
  /** Writes an executable sh script into the host's folder. */
  script(name: string, body: string): string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Record<string, string>;
}

export interface Hosts extends AsyncDisposable {
  readonly a: Host;
  readonly b: Host;
  /** Unplugs the cable between the hosts, or plugs it in again. */
  link(state: "up" | "down"): Promise<void>;
  /** Stops the sshd of the second host, so that it takes connections and says nothing. */
  hangSshd(): void;
}

const IP = findTool("ip") ?? "ip";

/** When the first process of a host ends, everything on the host ends. */
const UNSHARE = [
  "unshare",
  "--net",
  "--uts",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--mount",
  "--propagation",
  "private",
] as const;
const ENTER = ["--net", "--uts", "--pid", "--mount"] as const;

/** The reason why this machine cannot have two hosts; undefined when it can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid!() !== 0) return "network namespaces need root";
  if (!canRun(...UNSHARE)) return "this machine allows no namespaces";
  const missing = ["ip", "nsenter", "ssh", "ssh-keygen", "sshd", "tmux"].filter((tool) => findTool(tool) === null);
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  const attempt = `mount -t tmpfs none /run && ${IP} link add one type veth peer name other && "$0"`;
  return canRun(...UNSHARE, "sh", "-c", attempt) ? undefined : "this machine allows no mounts or no networks of one's own";
}

function findTool(tool: string): string | null {
  return Bun.which(tool, { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` });
}

/** Two hosts with a cable between them. Each knows the other's host key, and its account has a key that the other accepts. */
export async function openHosts(): Promise<Hosts> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "iap-")));
  copyFileSync(BINARY, join(folder, "iapeer"));
  const started: StartedHost[] = [];
  const daemons: Bun.Subprocess[] = [];
  const close = async () => {
    // These are processes of this machine. Only their children are in the hosts' own process tables.
    [...daemons, ...started.map(({ holder }) => holder)].forEach((child) => child.kill("SIGKILL"));
    await Promise.all(daemons.map(async ({ exited }) => await exited));
    await untilGone(...started.map(({ first }) => first));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    started.push(await startHost(folder, "hosta", "10.213.7.1"), await startHost(folder, "hostb", "10.213.7.2"));
    const [a, b] = started as [StartedHost, StartedHost];
    await connect(a, b);
    introduce(a, b);
    introduce(b, a);
    daemons.push(startSshd(a), startSshd(b));
    await until("both listen", () => [a, b].every((host) => readFileOr(join(host.folder, LOG)).includes("Server listening")));
    const link = async (state: "up" | "down") => await mustRun(a, [IP, "link", "set", "cable", state]);
    return { a, b, link, hangSshd: () => daemons[1]!.kill("SIGSTOP"), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Connects the hosts. Nothing of that is ever in this machine's own network. */
async function connect(a: StartedHost, b: StartedHost): Promise<void> {
  const made = Bun.spawnSync(
    [
      IP,
      "link",
      "add",
      "cable",
      "netns",
      String(a.first.pid),
      "type",
      "veth",
      "peer",
      "name",
      "cable",
      "netns",
      String(b.first.pid),
    ],
    { stdin: "ignore" },
  );
  if (!made.success) throw new Error(made.stderr.toString());
  for (const host of [a, b]) {
    await mustRun(host, [IP, "link", "set", "lo", "up"]);
    await mustRun(host, [IP, "addr", "add", `${host.address}/24`, "dev", "cable"]);
    await mustRun(host, [IP, "link", "set", "cable", "up"]);
  }
}

interface StartedHost extends Host {
  /** Its end is the end of the host. */
  readonly holder: Bun.Subprocess;
  /** Process 1 of the host, by its pid on this machine. */
  readonly first: ProcessId;
}

async function startHost(above: string, name: string, address: string): Promise<StartedHost> {
  const folder = join(above, name);
  const [home, root, bin] = [join(folder, "home"), join(folder, "root"), join(folder, "bin")];
  [folder, home, root, bin, join(home, ".ssh")].forEach((one) => mkdirSync(one, { mode: 0o700 }));
  symlinkSync(join(above, "iapeer"), join(bin, "iapeer"));
  writeFileSync(join(folder, "passwd"), renderPasswd(home));
  const holder = Bun.spawn([...UNSHARE, fixture("start-host.sh"), name, folder], { stdio: ["ignore", "ignore", "inherit"] });
  await until("the host stands", () => existsSync(join(folder, "ready")));
  const first = listProcesses().find(({ ppid }) => ppid === holder.pid)!;
  const env = {
    HOME: home,
    IAPEER_ROOT: root,
    IAPEER_TEST_SANDBOX: "1",
    TMUX_TMPDIR: root,
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    LANG: "C.UTF-8",
  };
  const enter = ["nsenter", "--target", String(first.pid), `--wd=${folder}`, ...ENTER];
  const run = async (argv: readonly string[], { stdin, env: more }: RunOptions = {}) => {
    const options = { env: { ...env, ...more }, cwd: folder, stdout: "pipe", stderr: "pipe" } as const;
    const child = Bun.spawn([...enter, ...argv], { ...options, stdin: stdin === undefined ? "ignore" : new Blob([stdin]) });
    return await finish(child);
  };
  const script = (file: string, body: string) => {
    writeFileSync(join(folder, file), `#!/bin/sh\n${body}\n`, { mode: 0o700 });
    return join(folder, file);
  };
  const iapeer = async (...args: string[]) => await run([join(bin, "iapeer"), ...args]);
  return { name, address, folder, home, root, env, run, iapeer, script, holder, first };
}

function renderPasswd(home: string): string {
  const others = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !/^(root|sshd):/.test(line));
  return [`root:x:0:0:root:${home}:/bin/sh`, "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin", ...others, ""].join("\n");
}

/** Makes keys, and has the first host know and enter the second. */
function introduce(from: Host, to: Host): void {
  const keygen = (file: string) => {
    const made = Bun.spawnSync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file], { stdin: "ignore" });
    if (!made.success) throw new Error(made.stderr.toString());
    return readFileSync(`${file}.pub`, "utf8");
  };
  const hostKey = keygen(join(to.folder, "host_key"));
  writeFileSync(join(from.home, ".ssh/known_hosts"), `${to.address} ${hostKey}`);
  writeFileSync(join(to.folder, "authorized_keys"), keygen(join(from.home, ".ssh/id_ed25519")), { mode: 0o600 });
}

const SERVER_FILE = "sshd_config";
const LOG = "sshd.log";

function startSshd(host: StartedHost): Bun.Subprocess {
  const { folder, address, env } = host;
  const inside = Object.entries({
    IAPEER_ROOT: env["IAPEER_ROOT"],
    IAPEER_TEST_SANDBOX: "1",
    TMUX_TMPDIR: env["TMUX_TMPDIR"],
    PATH: env["PATH"],
  }).map(([key, value]) => `${key}=${value}`);
  const config = [
    `ListenAddress ${address}:22`,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    `PidFile none`,
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "StrictModes no",
    "UsePAM no",
    "MaxStartups 200:30:300",
    `SetEnv ${inside.join(" ")}`,
    "",
  ];
  writeFileSync(join(folder, SERVER_FILE), config.join("\n"));
  // Without this nsenter forks for the pid namespace, and sshd is not our own child.
  const argv = [
    "nsenter",
    "--target",
    String(host.first.pid),
    "--no-fork",
    ...ENTER,
    findTool("sshd")!,
    "-D",
    "-E",
    join(folder, LOG),
    "-f",
    join(folder, SERVER_FILE),
  ];
  return Bun.spawn(argv, { env: { PATH: env["PATH"]! }, stdio: ["ignore", "ignore", "ignore"] });
}

function readFileOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function mustRun(host: Host, argv: readonly string[]): Promise<void> {
  const { status, stderr } = await host.run(argv);
  if (status !== 0) throw new Error(`${argv.join(" ")} on ${host.name}: ${stderr}`);
}
