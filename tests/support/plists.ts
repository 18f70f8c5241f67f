import { fixture } from "./fixtures.ts";

/** The contents of property lists, read by Python's plistlib as launchd would read them. */
export function readPlists(texts: readonly string[]): unknown[] {
  const stdin = Buffer.from(JSON.stringify(texts));
  const python = Bun.spawnSync(["python3", fixture("read-plists.py")], { stdin, timeout: 60_000 });
  if (!python.success) throw new Error(python.stderr.toString());
  return JSON.parse(python.stdout.toString()) as unknown[];
}
