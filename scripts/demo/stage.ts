import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { styleText } from "node:util";

/** A throw-away world in which lines are typed, and shown with what they print. */
export interface Stage extends Disposable {
  readonly folder: string;
  say(text: string): void;
  type(line: string): Promise<Typed>;
}

/** How a typed line ended. */
export interface Typed {
  readonly status: number;
  /** stdout and stderr in the order they came. */
  readonly printed: string;
}

const LINE_TIMEOUT_MS = 60_000;
/** On a terminal, time to read; a pipe gets it all at once. */
const PAUSE_MS = 600;

/** @param binary the compiled program, which the lines call by its name */
export function openStage(binary: string, isTerminal: boolean): Stage {
  // Not $TMPDIR: on macOS that is so long that no socket fits below it.
  const folder = realpathSync(mkdtempSync("/tmp/iapeer-demo-"));
  copyFileSync(join(import.meta.dir, "notebook.sh"), join(folder, "notebook.sh"));
  chmodSync(join(folder, "notebook.sh"), 0o755);
  mkdirSync(join(folder, "home"));
  const env = {
    PATH: `${dirname(binary)}:${process.env["PATH"] ?? ""}`,
    HOME: join(folder, "home"),
    IAPEER_ROOT: join(folder, "iapeer"),
    IAPEER_TEST_SANDBOX: "1",
    LANG: "C.UTF-8",
  };
  const paint = (style: "bold" | "dim", text: string) => (isTerminal && !process.env["NO_COLOR"] ? styleText(style, text, { validateStream: false }) : text);
  return {
    folder,
    say: (text) => console.log(`\n${paint("dim", `# ${text}`)}`),
    type: async (line) => {
      console.log(`${paint("dim", "$")} ${paint("bold", line)}`);
      const typed = await run(line, { cwd: folder, env });
      process.stdout.write(typed.printed);
      if (typed.status !== 0) console.log(`(exit ${typed.status})`);
      if (isTerminal) await Bun.sleep(PAUSE_MS);
      return typed;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function run(line: string, place: { readonly cwd: string; readonly env: Record<string, string> }): Promise<Typed> {
  const child = Bun.spawn(["sh", "-c", `{ ${line}\n} 2>&1`], { ...place, stdin: "ignore", stderr: "inherit", timeout: LINE_TIMEOUT_MS, killSignal: "SIGKILL" });
  const printed = await child.stdout.text();
  return { status: await child.exited, printed };
}
