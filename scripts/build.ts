import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { version } from "../package.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..");
const RELEASE_TARGETS = ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"] as const;

type ReleaseTarget = (typeof RELEASE_TARGETS)[number];

interface BuildOptions {
  /** The program's first file. */
  readonly entry?: string;
  /** The folder of the result, which is made if it is missing. */
  readonly outDir?: string;
  /** The machine to build for. Default: this one. Bun fetches the runtime of any other. */
  readonly target?: ReleaseTarget;
}

/**
 * Compiles the program into one executable, `iapeer` or `iapeer-<target>`, and returns its absolute path. A rename puts the
 * executable in its place, so neither a running one nor another build at the same time is disturbed.
 * Throws an AggregateError with every message of the bundler.
 */
export async function build(options: BuildOptions = {}): Promise<string> {
  const { entry = join(ROOT, "src/cli/main.ts"), outDir = join(ROOT, "dist"), target } = options;
  const name = target === undefined ? "iapeer" : `iapeer-${target}`;
  await mkdir(outDir, { recursive: true });
  const staging = await mkdtemp(join(outDir, ".build-"));
  try {
    await compile({ entry, outfile: join(staging, name), target });
    await rename(join(staging, name), join(outDir, name));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return join(outDir, name);
}

/** Builds for every machine of a release, one after another. Returns the paths. */
export async function buildRelease(): Promise<string[]> {
  const paths: string[] = [];
  for (const target of RELEASE_TARGETS) paths.push(await build({ target }));
  return paths;
}

interface CompileOptions {
  readonly entry: string;
  readonly outfile: string;
  readonly target: ReleaseTarget | undefined;
}

async function compile({ entry, outfile, target }: CompileOptions): Promise<void> {
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    bytecode: true,
    // Each verb is a chunk of its own, and a call loads only what it uses.
    splitting: true,
    // Names stay: they cost nothing in a binary of this size, and make a stack trace readable.
    minify: { whitespace: true, syntax: true, identifiers: false },
    sourcemap: "inline",
    define: { IAPEER_VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
    compile: {
      outfile,
      ...(target === undefined ? {} : { target: `bun-${target}` as const }),
      // Otherwise a compiled program reads settings from the folder that it is started in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  if (args.length > 1 || (args.length === 1 && args[0] !== "--all")) {
    console.error("usage: npm run build [-- --all]");
    process.exit(2);
  }
  const paths = args[0] === "--all" ? await buildRelease() : [await build()];
  for (const path of paths) console.log(`dist/${basename(path)}`);
}
