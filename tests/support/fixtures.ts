import { resolve } from "node:path";

/** The path of a program in tests/fixtures, from any folder. */
export function fixture(name: string): string {
  return resolve(import.meta.dir, "../fixtures", name);
}

export type Running = Bun.Subprocess<"pipe", "pipe", "pipe">;

/** Starts a TypeScript fixture in a process of its own, below a wrapper such as `strace -o FILE`. */
export function startFixture(name: `${string}.ts`, argv: readonly string[] = [], wrapper: readonly string[] = []): Running {
  return Bun.spawn([...wrapper, process.execPath, fixture(name), ...argv], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
}

/** The first line that a process prints, which says that it is ready. Throws when the process ends without one. */
export async function firstLine(running: Running): Promise<string> {
  const reader = running.stdout.getReader();
  let text = "";
  try {
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`it ended after ${JSON.stringify(text)}: ${await running.stderr.text()}`);
      text += new TextDecoder().decode(value);
    }
  } finally {
    reader.releaseLock();
  }
  return text.slice(0, text.indexOf("\n"));
}

/** Everything that a process prints until it ends. Throws when its exit status is not 0. */
export async function outputOf(running: Running): Promise<string> {
  const [stdout, stderr, status] = await Promise.all([running.stdout.text(), running.stderr.text(), running.exited]);
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return stdout;
}

/** A process that holds a lock until its standard input ends. It holds the lock when this returns. */
export async function startLockHolder(lock: string): Promise<Running> {
  const holder = startFixture("lock-holder.ts", [lock]);
  await firstLine(holder);
  return holder;
}
