import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { version } from "../package.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..");
const RELEASE_TARGETS = ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"] as const;

type ReleaseTarget = (typeof RELEASE_TARGETS)[number];

interface BuildOptions {
  /** The program's first file. */
  readonly entry?: string;
  /** Folder of the result; made if missing. */
  readonly outDir?: string;
  /** The machine to build for; this one when left out. Bun fetches the runtime of any other. */
  readonly target?: ReleaseTarget;
}

/**
 * Compiles the program into one executable, `iapeer` or `iapeer-<target>`, and returns its absolute path. The executable is put
 * in its place whole, so one that is running, or another build at the same time, is never disturbed.
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

/** Builds for every machine of a release, one after the other, and returns the paths. */
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
    // One chunk a verb: what a call does not use is not even loaded.
    splitting: true,
    // Names stay: in a binary of this size they cost nothing, and a stack trace with them can be read.
    minify: { whitespace: true, syntax: true, identifiers: false },
    sourcemap: "inline",
    define: { IAPEER_VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
    compile: {
      outfile,
      ...(target === undefined ? {} : { target: `bun-${target}` as const }),
      // A compiled program would else take settings from whatever folder it is started in.
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
