import { firstLine, type Script, startScript } from "./script.ts";

/** A process that holds a lock file by `withLock` until its standard input ends. It holds it when this returns. */
export async function startLockHolder(lock: string): Promise<Script> {
  const source = `
    import { withLock } from "#/core/disk/lock.ts";
    await withLock(process.argv[2], { timeoutMs: 5000 }, async () => {
      console.log("held");
      await Bun.stdin.text();
    });`;
  const script = startScript(source, [lock]);
  await firstLine(script);
  return script;
}

/** All that a script prints; it must end with status 0. */
export async function outputOf(script: Script): Promise<string> {
  const [stdout, stderr, status] = await Promise.all([script.stdout.text(), script.stderr.text(), script.exited]);
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return stdout;
}
