import { join } from "node:path";
import { build } from "../build.ts";
import { type Counts, FAILED, PASSED, SKIPPED } from "./counts.ts";
import { exec, ROOT } from "./exec.ts";

const TIMEOUT_MS = 120_000;
const SHELL_SCRIPTS = [".ci/run", "{scripts,src,tests,docs}/**/*.sh"];

/** The checks that run no test, by name. Each prints what is wrong. */
export const CHECKS: Readonly<Record<string, () => Promise<Counts>>> = {
  types: () => checkWith("typescript/bin/tsc", "--noEmit"),
  format: () => checkWith("oxfmt/bin/oxfmt", "--check"),
  lint: () => checkWith("oxlint/bin/oxlint"),
  dead: checkDeadCode,
  shell: checkShellScripts,
  build: checkBuild,
};

/** Looks for unused exports and dependencies, and then for files that only tests use: no person can reach those. */
async function checkDeadCode(): Promise<Counts> {
  const unused = await checkWith("knip/bin/knip.js");
  const unreachable = await checkWith("knip/bin/knip.js", "--production", "--include", "files,dependencies");
  return unused.failed > 0 ? unused : unreachable;
}

async function checkShellScripts(): Promise<Counts> {
  if (Bun.which("shellcheck") === null) {
    console.log("shellcheck is not installed");
    return SKIPPED;
  }
  const files = SHELL_SCRIPTS.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: ROOT, dot: true })]);
  return toCounts(await exec(["shellcheck", ...files], { timeoutMs: TIMEOUT_MS }));
}

async function checkBuild(): Promise<Counts> {
  try {
    console.log(await build());
    return PASSED;
  } catch (error) {
    console.log(error instanceof AggregateError ? error.errors.map(String).join("\n") : String(error));
    return FAILED;
  }
}

/** Runs a tool of node_modules with this Bun: the node of PATH may be older than the tool needs. */
async function checkWith(tool: string, ...args: readonly string[]): Promise<Counts> {
  return toCounts(await exec([process.execPath, join(ROOT, "node_modules", tool), ...args], { timeoutMs: TIMEOUT_MS }));
}

function toCounts(ok: boolean): Counts {
  return ok ? PASSED : FAILED;
}
