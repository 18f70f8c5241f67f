import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** One real runtime: its package of the npm registry, and the program inside. */
interface Pin {
  readonly package: string;
  readonly version: string;
  /** The path of the program below node_modules, on this platform. */
  readonly program: string;
}

const { platform, arch } = process;

/** The pinned versions. A newer one needs new recordings, which tests/runtimes/record.ts writes. */
export const PINS = {
  claude: {
    package: "@anthropic-ai/claude-code",
    version: "2.1.332",
    program: `@anthropic-ai/claude-code-${platform}-${arch}${isMusl() ? "-musl" : ""}/claude`,
  },
  codex: {
    package: "@openai/codex",
    version: "0.171.0",
    program: `@openai/codex-${platform}-${arch}/vendor/${codexTarget()}/bin/codex`,
  },
} as const satisfies Readonly<Record<string, Pin>>;

export type RealRuntime = keyof typeof PINS;
export const REAL_RUNTIMES = Object.keys(PINS) as readonly RealRuntime[];

function isMusl(): boolean {
  return platform === "linux" && existsSync(`/lib/ld-musl-${arch === "arm64" ? "aarch64" : "x86_64"}.so.1`);
}

function codexTarget(): string {
  const machine = arch === "arm64" ? "aarch64" : "x86_64";
  return platform === "darwin" ? `${machine}-apple-darwin` : `${machine}-unknown-linux-musl`;
}

/** The account's folder for what can be fetched again (XDG Base Directory Specification). */
export function cacheFolder(): string {
  return process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
}

/** The folder that keeps a program between runs, outside the repository. */
function folderOf(runtime: RealRuntime): string {
  return join(cacheFolder(), "iapeer-runtimes", `${runtime}-${PINS[runtime].version}`);
}

/** The installed program of a runtime; undefined when it is not installed. */
export function findProgram(runtime: RealRuntime): string | undefined {
  const path = join(folderOf(runtime), "node_modules", PINS[runtime].program);
  return existsSync(path) ? path : undefined;
}

/** How an installation ended. `absent`: the registry cannot be reached, or has nothing for this platform. */
export type Installed =
  | { readonly state: "ready" }
  | { readonly state: "absent"; readonly why: string }
  | { readonly state: "failed"; readonly why: string };

const READY: Installed = { state: "ready" };

/** Installs a runtime's package where it is missing. Its folder appears whole or not at all. */
export async function installProgram(runtime: RealRuntime): Promise<Installed> {
  if (findProgram(runtime) !== undefined) return READY;
  const folder = folderOf(runtime);
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const part = await mkdtemp(join(parent, `.part-${runtime}-`));
  try {
    const installed = await npmInstall(part, PINS[runtime]);
    if (installed.state !== "ready") return installed;
    await rename(part, folder);
    return READY;
  } catch (error) {
    // Another run has put its copy there in the meantime.
    if (findProgram(runtime) !== undefined) return READY;
    throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** The time for one package of some 150 MB. */
const INSTALL_MS = 300_000;
/** The codes of npm, of node and of HTTP for a registry that does not answer. */
const UNREACHABLE =
  /\b(?:E(?:NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|NOTCACHED|5\d\d)|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b/;

async function npmInstall(folder: string, pin: Pin): Promise<Installed> {
  const what = `${pin.package}@${pin.version}`;
  const quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"];
  const soon = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  const child = Bun.spawn(["npm", "install", "--prefix", folder, ...quiet, ...soon, what], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    timeout: INSTALL_MS,
    killSignal: "SIGKILL",
  });
  const [stderr, status] = await Promise.all([child.stderr.text(), child.exited]);
  if (child.signalCode !== null) return { state: "absent", why: `${what}: the registry is too slow` };
  if (status !== 0) return { state: UNREACHABLE.test(stderr) ? "absent" : "failed", why: `${what}: ${summarise(stderr)}` };
  if (existsSync(join(folder, "node_modules", pin.program))) return READY;
  return { state: "absent", why: `${what} has no program for ${platform} ${arch}` };
}

/** The words of npm's last error, in one line. */
function summarise(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^npm (?:error|ERR!)\s*/, "").trim());
  return lines
    .filter((line) => line !== "" && !/^A complete log|\.log$/.test(line))
    .slice(0, 3)
    .join("; ");
}
