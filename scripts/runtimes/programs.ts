import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** One real runtime: its package of the npm registry, and the program inside. */
interface Pin {
  readonly package: string;
  readonly version: string;
  /** The path of the program below node_modules, on this platform. */
  readonly program: string;
}

const { platform, arch } = process;

/** The pinned versions. A newer one needs new recordings in tests/runtimes/screens: `npm run test:runtimes -- --record`. */
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

/** The folder that keeps a program between runs, outside the repository. */
function folderOf(runtime: RealRuntime): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "iapeer-runtimes", `${runtime}-${PINS[runtime].version}`);
}

/** The installed program of a runtime; undefined when it is not installed. */
export function findProgram(runtime: RealRuntime): string | undefined {
  const path = join(folderOf(runtime), "node_modules", PINS[runtime].program);
  return existsSync(path) ? path : undefined;
}

/** The time for one package: some 150 MB. */
const INSTALL_MS = 300_000;

/**
 * Installs a runtime's package where it is missing. The folder appears whole or not at all.
 *
 * @returns why it is not there; undefined when it is.
 */
export async function installProgram(runtime: RealRuntime): Promise<string | undefined> {
  if (findProgram(runtime) !== undefined) return undefined;
  const folder = folderOf(runtime);
  const parent = join(folder, "..");
  await mkdir(parent, { recursive: true });
  const part = await mkdtemp(join(parent, `.part-${runtime}-`));
  try {
    const why = await npmInstall(part, PINS[runtime]);
    if (why !== undefined) return why;
    if (!existsSync(join(part, "node_modules", PINS[runtime].program)))
      return `${PINS[runtime].package} has no program for ${platform} ${arch}`;
    await rm(folder, { recursive: true, force: true });
    await rename(part, folder);
  } catch (error) {
    // Another run may have put its copy there first.
    if (findProgram(runtime) === undefined) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return undefined;
}

async function npmInstall(folder: string, { package: name, version }: Pin): Promise<string | undefined> {
  const quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"];
  const argv = ["npm", "install", "--prefix", folder, ...quiet, `${name}@${version}`];
  const options = { cwd: folder, timeout: INSTALL_MS, killSignal: "SIGKILL" } as const;
  const child = Bun.spawn(argv, { ...options, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [stderr, status] = await Promise.all([child.stderr.text(), child.exited]);
  if (status === 0) return undefined;
  const words = stderr.split("\n").find((line) => line.trim() !== "");
  return `npm does not install ${name}@${version}: ${words ?? `exit ${child.signalCode ?? status}`}`;
}
