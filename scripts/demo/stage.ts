import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { styleText } from "node:util";

/** A world of its own in which lines are typed, and shown with what they print. Its end is the end of its sessions. */
export interface Stage extends Disposable {
  readonly folder: string;
  say(text: string): void;
  type(line: string, patience?: Patience): Promise<Typed>;
  /** Types a line that takes the terminal. It is shown with what it leaves on the screen at its end. */
  typeInTerminal(line: string, keys: readonly Keys[]): Promise<Typed>;
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

/** Keys for a program that takes the terminal: pressed once, when its screen has shown the text. */
export interface Keys {
  readonly when: RegExp;
  readonly press: string;
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
  const show = async (line: string, finish: () => Promise<Typed>) => {
    console.log(`${paint("dim", "$")} ${paint("bold", line)}`);
    const typed = await finish();
    process.stdout.write(typed.printed);
    if (typed.status !== 0) console.log(`(exit ${typed.status})`);
    if (isTerminal && !signal.aborted) await Bun.sleep(PAUSE_MS);
    return typed;
  };
  return {
    folder,
    say: (text) => console.log(`\n${paint("dim", `# ${text}`)}`),
    type: async (line, patience) => await show(line, async () => await runUntilDone(line, { place, signal, patience })),
    typeInTerminal: async (line, keys) => await show(line, async () => await runInTerminal(line, { place, signal, keys })),
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

/** The script in the place of claude has another prompt. */
function declarePrompt(root: string): void {
  const runtime = join(root, "runtimes/claude");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  writeFileSync(join(runtime, "runtime.json"), JSON.stringify({ prompt: { sign: "> " } }), { mode: 0o600 });
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

interface InTerminal {
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly keys: readonly Keys[];
}

async function runInTerminal(line: string, { place, signal, keys }: InTerminal): Promise<Typed> {
  const waiting = [...keys];
  let shown = "";
  const child = Bun.spawn(["sh", "-c", line], {
    cwd: place.cwd,
    env: { ...place.env, TERM: "xterm-256color" },
    timeout: LINE_TIMEOUT_MS,
    killSignal: "SIGKILL",
    signal,
    terminal: {
      cols: 80,
      rows: 24,
      data: (terminal, bytes) => {
        shown += Buffer.from(bytes).toString();
        if (waiting[0]?.when.test(toText(shown)) === true) terminal.write(waiting.shift()!.press);
      },
    },
  });
  const status = await child.exited;
  child.terminal?.close();
  return { status, printed: toText(shown.slice(shown.lastIndexOf(LEAVE_SCREEN) + LEAVE_SCREEN.length)) };
}

/** The sequence that a program sends when it gives the screen back (xterm's ctlseqs: DECSET 1049). */
const LEAVE_SCREEN = "\u001b[?1049l";

function toText(shown: string): string {
  return Bun.stripANSI(shown).replaceAll("\r", "");
}
