import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { layoutFrom } from "../../../src/core/layout.ts";
import {
  AGENTIC_RUNTIMES,
  BUILT_IN_RUNTIMES,
  type PromptDeclaration,
  RUNTIMES,
  type RuntimeWays,
} from "../../../src/model/runtimes.ts";
import { resolveRuntimeCommand } from "../../../src/launch/runtime/command.ts";
import { readPrompt } from "../../../src/launch/runtime/runtime.ts";
import { errorOf, openScratch, type Scratch } from "../../support/scratch.ts";
import { writeScript } from "../../support/script-file.ts";

interface Host extends Disposable {
  readonly scratch: Scratch;
  resolve(runtime: string, env?: Record<string, string>): readonly string[];
  waysOf(runtime: string): RuntimeWays;
  promptOf(runtime: string): PromptDeclaration | undefined;
  /** An executable in a folder of its own. */
  program(name: string, folder?: string): string;
  declare(runtime: string, json: unknown, mode?: number): string;
}

function openHost(): Host {
  const scratch = openScratch();
  const layout = layoutFrom({ IAPEER_ROOT: scratch.at("root") });
  const write = (path: string) => {
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  mkdirSync(scratch.at("bin"));
  return {
    scratch,
    resolve: (runtime, env = {}) => resolveRuntimeCommand({ layout, runtime, env: { PATH: scratch.at("bin"), ...env } }).argv,
    waysOf: (runtime) => resolveRuntimeCommand({ layout, runtime, env: { PATH: scratch.at("bin") } }).ways,
    promptOf: (runtime) => readPrompt(layout, runtime),
    program: (name, folder = "bin") => writeScript(write(scratch.at(folder, name)), "exit 0"),
    declare: (runtime, json, mode = 0o600) => {
      const path = write(scratch.at("root", "runtimes", runtime, "runtime.json"));
      writeFileSync(path, typeof json === "string" ? json : JSON.stringify(json));
      chmodSync(path, mode);
      return path;
    },
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  };
}

const BUILT_INS = [
  ["claude", "IAPEER_CLAUDE_BIN"],
  ["codex", "IAPEER_CODEX_BIN"],
  ["pi", "IAPEER_PI_BIN"],
  ["opencode", "IAPEER_OPENCODE_BIN"],
] as const;

test("the built-in runtimes are these", () => {
  expect(Object.entries(RUNTIMES).map(([runtime, { variable }]) => [runtime, variable])).toEqual(
    BUILT_INS.map((one) => [...one]),
  );
  expect([...BUILT_IN_RUNTIMES]).toEqual(BUILT_INS.map(([runtime]) => runtime));
  expect([...AGENTIC_RUNTIMES]).toEqual(["claude", "codex"]);
});

describe.each(BUILT_INS)("the built-in runtime %s", (runtime, variable) => {
  test("is its program on PATH, without any argument", () => {
    using host = openHost();
    const program = host.program(runtime);
    expect(host.resolve(runtime)).toEqual([program]);
    expect(host.resolve(runtime, { [variable]: "" })).toEqual([program]);
  });

  test("is what its variable names: a path, or another name on PATH", () => {
    using host = openHost();
    host.program(runtime);
    const other = host.program("other", "else where");
    expect(host.resolve(runtime, { [variable]: other })).toEqual([other]);
    expect(host.resolve(runtime, { [variable]: "other", PATH: dirname(other) })).toEqual([other]);
  });

  test("that is nowhere is an error that names the variable and the PATH", () => {
    using host = openHost();
    const error = errorOf(() => host.resolve(runtime));
    expect([error.code, error.exitStatus]).toEqual(["program-not-found", 3]);
    expect(error.message).toContain(host.scratch.at("bin"));
    expect(error.hint).toContain(variable);
  });

  test.each<[string, string, string]>([
    ["a path where nothing is", "/nowhere/program", "/nowhere/program"],
    ["a name that is not on PATH", "nobody", "nobody"],
  ])("whose variable names %s is an error", (_, named, told) => {
    using host = openHost();
    host.program(runtime);
    const error = errorOf(() => host.resolve(runtime, { [variable]: named }));
    expect([error.code, error.message.includes(variable), error.message.includes(told)]).toEqual([
      "program-not-found",
      true,
      true,
    ]);
  });

  test("is named by no relative path", () => {
    using host = openHost();
    host.program(runtime);
    const error = errorOf(() => host.resolve(runtime, { [variable]: "./x" }));
    expect(error).toMatchObject({ code: "invalid-value", hint: "an absolute path, or a name to find on PATH" });
  });

  test("that cannot be run is an error that says why", () => {
    using host = openHost();
    const program = host.program("broken");
    writeFileSync(program, "#!/nowhere/interpreter\n");
    for (const env of [{ [variable]: program }, { [variable]: "broken" }]) {
      const error = errorOf(() => host.resolve(runtime, env));
      expect([error.code, error.exitStatus]).toEqual(["program-not-executable", 1]);
      expect(error.message).toContain("/nowhere/interpreter");
    }
  });

  test("is not looked for in a relative folder of PATH", () => {
    using host = openHost();
    host.program(runtime);
    const folder = relative(process.cwd(), host.scratch.at("bin"));
    expect(errorOf(() => host.resolve(runtime, { PATH: `${folder}::.` })).code).toBe("program-not-found");
  });
});

test.each(["claude", "codex"])("the built-in runtime %s is not a runtime.json's to change", (runtime) => {
  using host = openHost();
  const program = host.program(runtime);
  host.declare(runtime, { command: "/bin/false" });
  expect(host.resolve(runtime)).toEqual([program]);
});

test.each(["pi", "opencode"])(
  "the built-in runtime %s gives way to a runtime.json, which alone says how it is told things",
  (runtime) => {
    using host = openHost();
    host.program(runtime);
    host.declare(runtime, { command: "/bin/true", args: ["x"] });
    expect(host.resolve(runtime)).toEqual(["/bin/true", "x"]);
    expect(host.waysOf(runtime)).toEqual({ command: "/bin/true", args: ["x"], heartbeat: "wrapper" } as never);
  },
);

describe("any other runtime", () => {
  test("is what its runtime.json says, whatever else stands there", () => {
    using host = openHost();
    const program = host.program("gem", "a b");
    host.declare("gemini", { command: program, args: ["--x", "a b", ""] });
    host.program("gemini-runtime");
    expect(host.resolve("gemini")).toEqual([program, "--x", "a b", ""]);
    host.declare("gemini", { command: program });
    expect(host.resolve("gemini")).toEqual([program]);
  });

  test("is told things as its runtime.json says", () => {
    using host = openHost();
    host.declare("gemini", {
      command: "/bin/true",
      model_args: ["-m{model}", "--model={model}", "x"],
      prompt_args: ["--system", "<{prompt}>"],
      heartbeat: "own",
    });
    expect(host.waysOf("gemini")).toMatchObject({
      model: { args: ["-m{model}", "--model={model}", "x"], options: ["-m", "--model"] },
      prompt: { by: "args", args: ["--system", "<{prompt}>"], options: ["--system"] },
      heartbeat: "own",
    });
    host.declare("gemini", { command: "/bin/true" });
    expect(host.waysOf("gemini")).toEqual({ command: "/bin/true", args: [], heartbeat: "wrapper" } as never);
    host.program("other-runtime");
    expect(host.waysOf("other")).toEqual({ heartbeat: "wrapper" });
  });

  test("is <runtime>-runtime run from PATH without one", () => {
    using host = openHost();
    const program = host.program("gemini-runtime");
    expect(host.resolve("gemini")).toEqual([program, "run"]);
  });

  test("with the name of something that every object has is no built-in", () => {
    using host = openHost();
    expect(host.resolve.bind(host, "constructor")).toThrow("constructor-runtime");
  });

  test("that is nowhere is an error that names the file to write", () => {
    using host = openHost();
    const error = errorOf(() => host.resolve("gemini"));
    expect([
      error.code,
      error.message.includes("gemini-runtime"),
      error.hint?.includes(host.scratch.at("root", "runtimes", "gemini", "runtime.json")),
    ]).toEqual(["program-not-found", true, true]);
  });

  test.each<[unknown, string]>([
    [{}, "command"],
    [{ command: "relative" }, "absolute"],
    [{ command: "/a\0b" }, "NUL"],
    [{ command: 1 }, "command"],
    [{ command: "/bin/true", args: "x" }, "args"],
    [{ command: "/bin/true", args: [1] }, "args.0"],
    [{ command: "/bin/true", model_args: [] }, "model_args: has no {model}"],
    [{ command: "/bin/true", model_args: ["--model", "{prompt}"] }, "model_args: has no {model}"],
    [{ command: "/bin/true", prompt_args: ["a\0{prompt}"] }, "prompt_args.0"],
    [{ command: "/bin/true", prompt_args: "{prompt}" }, "prompt_args"],
    [{ command: "/bin/true", heartbeat: "none" }, 'heartbeat: is neither "own" nor "wrapper"'],
    [{ command: "/bin/true", modle_args: ["{model}"] }, '"modle_args" is not a key that is read here; did you mean model_args?'],
    [{ command: "/bin/true", note: 1 }, '"note" is not a key that is read here'],
    [{ command: "/bin/true", prompt: { sign: 1 } }, "prompt.sign"],
    [{ command: "/bin/true", prompt: { sign: "a\nb" } }, "prompt.sign: holds a control character"],
    [{ command: "/bin/true", prompt: { sign: "x".repeat(81) } }, "prompt.sign: has more than 80 characters"],
    [
      { command: "/bin/true", prompt: { ehco: false } },
      '"prompt.ehco" is not a key that is read here; did you mean prompt.echo?',
    ],
    [{ command: "/bin/true", prompt: { shows_within_secs: 31 } }, "prompt.shows_within_secs: is more than 30"],
    ["[]", "declaration"],
    ["", "is empty"],
    ["{,}", "not JSON"],
    ['{"command":"/bin/true","command":"/bin/false"}', "twice"],
  ])("with the declaration %j is refused", (json, why) => {
    using host = openHost();
    const path = host.declare("gemini", json);
    const error = errorOf(() => host.resolve("gemini"));
    expect([error.code, error.exitStatus]).toEqual(["runtime-invalid", 5]);
    expect(error.message).toContain(path);
    expect(error.message).toContain(why);
  });

  test("claude's own runtime.json holds its prompt alone, and any other runtime's may hold one", () => {
    using host = openHost();
    const read = (runtime: string) => host.promptOf(runtime);
    expect([read("claude"), read("gemini")]).toEqual([undefined, undefined]);
    host.declare("claude", { prompt: { sign: "> " } });
    host.declare("gemini", { command: "/bin/true", prompt: { echo: false, shows_within_secs: 2 } });
    expect([read("claude"), read("gemini")]).toEqual([
      { echo: true, sign: "> " },
      { echo: false, showsWithinMs: 2000 },
    ]);
    host.declare("claude", { command: "/bin/true" });
    expect(errorOf(() => read("claude")).code).toBe("runtime-invalid");
  });

  test("with a declaration that others may write is refused", () => {
    using host = openHost();
    host.declare("gemini", { command: "/bin/true" }, 0o622);
    const error = errorOf(() => host.resolve("gemini"));
    expect([error.code, error.exitStatus]).toEqual(["runtime-insecure", 5]);
  });

  test("whose declared program is not there, or cannot be run, is an error that names the declaration", () => {
    using host = openHost();
    const path = host.declare("gemini", { command: "/nowhere/program" });
    const missing = errorOf(() => host.resolve("gemini"));
    expect([missing.code, missing.message.includes(path)]).toEqual(["program-not-found", true]);
    host.declare("gemini", { command: "/tmp" });
    const folder = errorOf(() => host.resolve("gemini"));
    expect([folder.code, folder.message.includes(path), folder.message.includes("is a folder")]).toEqual([
      "program-not-executable",
      true,
      true,
    ]);
  });
});
