import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { styleText } from "node:util";

/** A world of its own in which lines are typed, and shown with what they print. Its end is the end of its sessions. */
export interface Stage extends Disposable {
  readonly folder: string;
  say(text: string): void;
  type(line: string, patience?: Patience): Promise<Typed>;
}

/** How a typed line ended. */
export interface Typed {
  readonly status: number;
  /** stdout and stderr in the order they came. */
  readonly printed: string;
}

/** For a line whose result takes its time: the line is run again, and only the last run is shown. */
export interface Patience {
  /** With 0 the line is run once. */
  readonly mayTakeMs: number;
  readonly isDone: (typed: Typed) => boolean;
}

export interface StageOptions {
  readonly isTerminal: boolean;
  /** Ends the wait for a result. */
  readonly signal: AbortSignal;
}

type Place = { readonly cwd: string; readonly env: Record<string, string> };

const LINE_TIMEOUT_MS = 60_000;
/** A person at a terminal gets time to read. */
const PAUSE_MS = 600;
const POLL_MS = 100;
const PROPS = ["notebook.sh", "agent.sh"];

/** @param binary the compiled program, which the lines call by its name */
export function openStage(binary: string, { isTerminal, signal }: StageOptions): Stage {
  // $TMPDIR of macOS is too long for the path of a socket.
  const folder = realpathSync(mkdtempSync("/tmp/iapeer-demo-"));
  PROPS.forEach((name) => bringProp(name, folder));
  mkdirSync(join(folder, "home"));
  declarePrompt(join(folder, "iapeer"));
  const place = { cwd: folder, env: environmentFor(folder, binary) };
  const paint = (style: "bold" | "dim", text: string) =>
    isTerminal && !process.env["NO_COLOR"] ? styleText(style, text, { validateStream: false }) : text;
  return {
    folder,
    say: (text) => console.log(`\n${paint("dim", `# ${text}`)}`),
    type: async (line, patience) => {
      console.log(`${paint("dim", "$")} ${paint("bold", line)}`);
      const typed = await runUntilDone(line, { place, signal, patience });
      process.stdout.write(typed.printed);
      if (typed.status !== 0) console.log(`(exit ${typed.status})`);
      if (isTerminal && !signal.aborted) await Bun.sleep(PAUSE_MS);
      return typed;
    },
    [Symbol.dispose]: () => {
      Bun.spawnSync([binary, "stop", "--all"], { ...place, stdio: ["ignore", "ignore", "ignore"], timeout: LINE_TIMEOUT_MS });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function bringProp(name: string, folder: string): void {
  copyFileSync(join(import.meta.dir, name), join(folder, name));
  chmodSync(join(folder, name), 0o755);
}

/** The script in the place of claude reads bare lines. */
function declarePrompt(root: string): void {
  const runtime = join(root, "runtimes/claude");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  writeFileSync(join(runtime, "runtime.json"), JSON.stringify({ prompt: { sign: "" } }), { mode: 0o600 });
}

function environmentFor(folder: string, binary: string): Record<string, string> {
  return {
    PATH: `${dirname(binary)}:${process.env["PATH"] ?? ""}`,
    HOME: join(folder, "home"),
    IAPEER_ROOT: join(folder, "iapeer"),
    IAPEER_CLAUDE_BIN: join(folder, "agent.sh"),
    IAPEER_TEST_SANDBOX: "1",
    LANG: "C.UTF-8",
  };
}

interface Running {
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly patience: Patience | undefined;
}

async function runUntilDone(line: string, { place, signal, patience }: Running): Promise<Typed> {
  const deadline = performance.now() + (patience?.mayTakeMs ?? 0);
  for (;;) {
    const typed = await run(line, place);
    if (patience === undefined || patience.isDone(typed) || signal.aborted || performance.now() > deadline) return typed;
    await Bun.sleep(POLL_MS);
  }
}

async function run(line: string, place: Place): Promise<Typed> {
  const child = Bun.spawn(["sh", "-c", `{ ${line}\n} 2>&1`], {
    ...place,
    stdin: "ignore",
    stderr: "inherit",
    timeout: LINE_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const printed = await child.stdout.text();
  return { status: await child.exited, printed };
}
