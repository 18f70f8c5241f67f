import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { OCCASIONS } from "../../src/model/provisioning.ts";
import { type Placeholders, renderArgv, runProvider } from "../../src/provision/command.ts";
import { openHost, QUIET, type TestHost } from "../support/provision.ts";

const WORDS = ["cwd", "runtime", "personality", "occasion"] as const;

describe("the argv of a run", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "{cwd}",
      "{runtime}",
      "{personality}",
      "{occasion}",
      "{unknown}",
      "{",
      "}",
      "{}",
      "{cwd",
      "{{cwd}}",
      "$&",
      "$1",
      "--cwd=",
    ),
    fc.string({ maxLength: 5 }),
  );
  const argument = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  const value = fc.oneof(fc.constantFrom("{runtime}", "{cwd}", "$&", "$'", "$`", "$$", ""), fc.string());
  const values: fc.Arbitrary<Placeholders> = fc.record({
    cwd: value,
    runtime: value,
    personality: value,
    occasion: fc.constantFrom(...OCCASIONS),
  });

  /** From left to right, never looking back. */
  function naive(text: string, placeholders: Placeholders): string {
    for (let at = 0; at < text.length; at += 1) {
      const word = WORDS.find((one) => text.startsWith(`{${one}}`, at));
      if (word !== undefined)
        return text.slice(0, at) + placeholders[word] + naive(text.slice(at + word.length + 2), placeholders);
    }
    return text;
  }

  test("has each word replaced in one pass, and unknown words as they are", () => {
    fc.assert(
      fc.property(fc.array(argument), values, (args, placeholders) => {
        expect(renderArgv({ command: "/bin/{cwd}", args }, placeholders)).toEqual([
          "/bin/{cwd}",
          ...args.map((one) => naive(one, placeholders)),
        ]);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps a value that itself holds a word as it is", () => {
    const placeholders = { cwd: "/tmp/{runtime}", runtime: "claude", personality: "a", occasion: "birth" } as const;
    expect(renderArgv({ command: "/c", args: ["{cwd}", "--runtime={runtime}", "{home}"] }, placeholders)).toEqual([
      "/c",
      "/tmp/{runtime}",
      "--runtime=claude",
      "{home}",
    ]);
  });
});

describe("a run", () => {
  let host: TestHost;
  beforeEach(() => {
    host = openHost();
  });
  afterEach(() => host[Symbol.dispose]());

  /** Writes its arguments, each with a NUL behind it. */
  const dump = () => host.provider("dump", `printf '%s\\0' "$@" > "$host/argv"`);
  const dumped = () => readFileSync(host.at("argv")).toString("utf8").split("\0").slice(0, -1);

  async function run(placeholders: Partial<Placeholders>, command: string, args: readonly string[] = [], timeoutMs = 5000) {
    const whole = { cwd: host.at(), runtime: "claude", personality: "a", occasion: "birth", ...placeholders } as const;
    const argv = renderArgv({ command, args }, whole);
    return await runProvider(host, { argv, placeholders: whole, timeoutMs }, QUIET);
  }

  test.each([
    ["a command substitution", "$(touch pwned)"],
    ["backticks", "`touch pwned`"],
    ["quotes of both kinds", `a"b'c`],
    ["a newline", "a\nb\n"],
    ["a word of ours", "{runtime}"],
    ["a shell's syntax", "; touch pwned & | > pwned < x * ? ~ ! # \\"],
    ["an option", "--help"],
    ["white space", " \t "],
    ["other alphabets", "é漢😀\u202e"],
    ["escapes", "\u001b[2J\r\u0007"],
  ])("hands a folder with %s in its name over as exactly one argument, byte for byte", async (_, name) => {
    const cwd = host.at(name);
    mkdirSync(cwd);
    expect(await run({ cwd }, dump(), ["before", "{cwd}", "--cwd={cwd}", "", "after"])).toMatchObject({ state: "ok" });
    expect(dumped()).toEqual(["before", cwd, `--cwd=${cwd}`, "", "after"]);
    expect(await Bun.file(host.at("pwned")).exists()).toBe(false);
  });

  test("hands a path of 4,000 characters over whole", async () => {
    const cwd = `${host.at()}/${"d/".repeat(1000)}${"./".repeat((4000 - host.at().length - 2001) / 2)}`.slice(0, 3999);
    mkdirSync(host.at("d/".repeat(1000)), { recursive: true });
    expect(await run({ cwd }, dump(), ["{cwd}"])).toMatchObject({ state: "ok" });
    expect(dumped()).toEqual([cwd]);
  });

  test("hands any text over as it is", async () => {
    const text = fc
      .string({ unit: "binary", minLength: 1, maxLength: 60 })
      .filter((one) => one.isWellFormed() && !one.includes("\0"));
    const command = dump();
    await fc.assert(
      fc.asyncProperty(text, text, async (personality, argument) => {
        await run({ personality }, command, ["{personality}", argument.replaceAll("{", "(")]);
        expect(dumped()).toEqual([personality, argument.replaceAll("{", "(")]);
      }),
      { numRuns: 40 },
    );
  });

  test("is one line in the log: identity, occasion, state, exit, ms and detail", async () => {
    const command = host.provider("fails", `echo 'state=ok ev=forged' >&2; echo second >&2; exit 3`);
    await run({ occasion: "sweep-on" }, command);
    const [event, ...more] = host.events();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      ev: "memory-provision",
      identity: "claude-a",
      occasion: "sweep-on",
      state: "failed",
      exit: "3",
      detail: "state=ok ev=forged\nsecond",
    });
    expect(Number(event!["ms"])).toBeGreaterThanOrEqual(0);
  });

  test("that a signal ended has the signal in its line and no exit", async () => {
    await run({}, host.provider("dies", "kill -s KILL $$"));
    expect(host.events()).toMatchObject([{ state: "failed", exit: "", signal: "SIGKILL" }]);
  });

  test("that takes too long is a timeout in its line too", async () => {
    expect(await run({}, host.provider("sleeps", "exec sleep 15"), [], 100)).toMatchObject({ state: "timeout" });
    expect(host.events()).toMatchObject([{ state: "timeout", signal: "SIGTERM" }]);
  });

  test.each([
    ["birth", false],
    ["sweep-on", false],
    ["off-peer", true],
    ["off-all", true],
    ["remove", true],
  ] as const)(
    "for %s in a folder that is gone: runs all the same is %p, for detaching must still be possible",
    async (occasion, runs) => {
      const cwd = host.at("gone");
      const outcome = await run({ cwd, occasion }, dump(), ["{cwd}"]);
      if (runs) expect(outcome.state).toBe("ok");
      else expect(outcome).toMatchObject({ state: "not-executable", detail: `the working folder ${cwd} does not exist` });
    },
  );

  test.each([
    ["a NUL", "/tmp/a\0b"],
    ["half of a pair", "/tmp/\ud800"],
    ["a path through a file", "/etc/passwd/x"],
  ])("for a folder of %s does not throw", async (_, cwd) => {
    expect((await run({ cwd }, dump(), ["{cwd}"])).state).toBe("not-executable");
  });

  test("counts although its line could not be written; that is a warning", async () => {
    mkdirSync(host.at("root"));
    writeFileSync(host.at("root", "logs"), "");
    expect(await run({}, host.provider("fine", "exit 0"))).toMatchObject({ state: "ok" });
    expect(host.warnings).toEqual([expect.stringContaining("lifecycle.log") as unknown as string]);
    rmSync(host.at("root"), { recursive: true });
  });
});
