import { statSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.ts";

const ROOT = join(import.meta.dir, "..");
const BINARY = join(ROOT, "dist/iapeer");
const SOURCES = ["src/**/*", "scripts/build.ts", "package.json", "package-lock.json"];

/** The path of the compiled program. It is built first when it is missing or older than its sources. */
export async function ensureBinary(): Promise<string> {
  const built = statSync(BINARY, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newestSource()) return BINARY;
  console.error("building dist/iapeer");
  return await build();
}

function newestSource(): number {
  const files = SOURCES.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })]);
  return Math.max(...files.map((file) => statSync(join(ROOT, file)).mtimeMs));
}
