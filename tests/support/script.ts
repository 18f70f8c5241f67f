import { resolve } from "node:path";

/** The sources, for `import` in a script. */
const SRC = resolve(import.meta.dir, "../../src");

export type Script = Bun.Subprocess<"pipe", "pipe", "pipe">;

/**
 * A process of its own that runs some TypeScript, whose `from "#/core/x.ts"` are our sources. `argv` is in
 * `process.argv` from index 2 on, whatever stands before it (`unshare …`, `setpriv …`) in `wrapper`.
 */
export function startScript(source: string, argv: readonly string[] = [], wrapper: readonly string[] = []): Script {
  const text = source.replaceAll('from "#/', `from "${SRC}/`);
  return Bun.spawn([...wrapper, process.execPath, "-e", text, "--", "script", ...argv], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** The first line that it prints: its way to say that it is ready. */
export async function firstLine(script: Script): Promise<string> {
  const reader = script.stdout.getReader();
  let text = "";
  try {
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`it ended after ${JSON.stringify(text)}: ${await script.stderr.text()}`);
      text += new TextDecoder().decode(value);
    }
  } finally {
    reader.releaseLock();
  }
  return text.slice(0, text.indexOf("\n"));
}

/** Whether such a wrapper works here (namespaces may be forbidden, or the tool missing). */
export function canRun(...argv: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...argv, "true"], { stdin: "ignore", stdout: "ignore", stderr: "ignore", timeout: 5000 }).success;
  } catch {
    return false;
  }
}
