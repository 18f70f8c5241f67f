import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Block, parseBlocks, parseTyped, renderScript } from "./blocks.ts";
import { writeFakeSystemd } from "./fake-systemd.ts";
import { normalise, normaliseDemo } from "./normalise.ts";

const PAGE_TIMEOUT_MS = 110_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * Types a whole page in a home of its own, top to bottom, and returns the page with the output of every console block. Paths,
 * times and durations are those of the page's reader, so that two recordings are equal.
 *
 * @param binary the compiled program
 * @throws Error for a line of an `sh` block that does not exit as the page says
 */
export async function recordPage(page: string, binary: string): Promise<string> {
  const blocks = parseBlocks(page);
  const outputs = await typePage(blocks, binary);
  const lines = page.split("\n");
  for (const block of blocks.toReversed()) {
    if (block.kind === "sh") continue;
    const recorded =
      block.kind === "demo"
        ? splitLines(await recordDemo(block.act))
        : parseTyped(block).flatMap((line) => [`$ ${line}`, ...outputs.get(block)!.shift()!]);
    lines.splice(block.from, block.lines.length, ...recorded);
  }
  return lines.join("\n");
}

/** The output of each console line of each block. */
async function typePage(blocks: readonly Block[], binary: string): Promise<Map<Block, string[][]>> {
  const home = realpathSync(mkdtempSync("/tmp/iap"));
  try {
    const folder = join(home, ".recorded");
    mkdirSync(folder);
    writeFakeSystemd(servicesOf(home));
    await runScript(renderScript(blocks, folder), { home, binary });
    let count = 0;
    const outputs = new Map<Block, string[][]>();
    for (const block of blocks.filter(({ kind }) => kind === "console")) {
      const own: string[][] = [];
      for (const _ of parseTyped(block))
        own.push(splitLines(normalise(await Bun.file(join(folder, String(count++))).text(), home)));
      outputs.set(block, own);
    }
    return outputs;
  } finally {
    await stopSessions({ home, binary });
    rmSync(home, { recursive: true, force: true });
  }
}

interface Reader {
  readonly home: string;
  readonly binary: string;
}

async function runScript(script: string, reader: Reader): Promise<void> {
  const options = { env: environmentOf(reader), cwd: reader.home, stdin: "ignore", stdout: "ignore", stderr: "pipe" } as const;
  const child = Bun.spawn(["bash", "-c", script], { ...options, timeout: PAGE_TIMEOUT_MS, killSignal: "SIGKILL" });
  const stderr = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`a command of the page did not exit as the page says:\n${stderr}`);
}

/** Stops what the page launched and did not stop itself, for instance because a line of it failed. */
async function stopSessions(reader: Reader): Promise<void> {
  const options = { env: environmentOf(reader), cwd: reader.home, timeout: STOP_TIMEOUT_MS };
  await Bun.spawn([reader.binary, "stop", "--all"], { ...options, stdio: ["ignore", "ignore", "ignore"] }).exited;
}

/** The service manager of a page is a stand-in: its reader mostly has one, and a recording machine mostly has none. */
function servicesOf(home: string): string {
  return join(home, ".services");
}

function environmentOf({ home, binary }: Reader): Record<string, string> {
  return {
    PATH: `${servicesOf(home)}/bin:${dirname(binary)}:${process.env["PATH"] ?? ""}`,
    HOME: home,
    IAPEER_ROOT: join(home, ".iapeer"),
    IAPEER_TEST_SANDBOX: "1",
    TMUX_TMPDIR: home,
    LANG: "C.UTF-8",
  };
}

async function recordDemo(act: string): Promise<string> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../demo.ts"), act], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: PAGE_TIMEOUT_MS,
  });
  const text = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`the demo failed:\n${text}`);
  return normaliseDemo(text.trim());
}

function splitLines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
