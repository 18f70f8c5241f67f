import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync, writeFileSync } from "node:fs";
import { encodeForPrintf, escapeFormats, escapeTimeFormats, quoteForSh, quoteForTmux } from "../../../src/core/text/quoting.ts";
import { openScratch } from "../../support/scratch.ts";
import { openPrivateTmux, type PrivateTmux } from "../../support/private-tmux.ts";
import { until } from "../../support/sandbox.ts";

const hostile = fc.constantFrom(
  "'",
  '"',
  "\\",
  "$",
  "$HOME",
  "${HOME}",
  "$(id)",
  "`id`",
  "~",
  "~root",
  "#",
  "#{pid}",
  "#[fg=red]",
  "##",
  "#(id)",
  "%",
  "%H",
  "%s",
  "%%",
  "%if 1",
  ";",
  " ; ",
  "{",
  "}",
  "\n",
  "\n ",
  "\n  #x",
  "\n\t",
  "\t",
  "\r",
  "\r\n",
  " ",
  "!",
  "!!",
  "^",
  "*",
  "?",
  "[a]",
  "&",
  "|",
  "<",
  ">",
  "(",
  ")",
  "=",
  "A=b",
  "-",
  "--",
  "-n",
  "é",
  "😀",
  "\u0001",
  "\u001b[31m",
  "\u007f",
  "\u00ff",
  "\\n",
  "\\0101",
  "\\e",
  "\\u0041",
  "\\\n",
  "\\'",
  "_",
  "0",
  "7",
  "",
  "x",
  "/",
);
const text = fc.oneof(
  fc.array(hostile, { maxLength: 8 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 20 }).map((made) => made.replaceAll("\0", "").toWellFormed()),
);

/** Many texts at a time: a property is one run of each program, and not one a text. */
const texts = fc.array(text, { minLength: 100, maxLength: 300 });
const RUNS = { numRuns: 12, endOnFailure: true };

/** Every shell that is installed, and how it is told to read a script. */
const SHELLS = [
  ["dash"],
  ["bash"],
  ["bash", "--posix"],
  ["busybox", "sh"],
  ["zsh"],
  ["fish", "--no-config"],
  ["tcsh", "-f"],
  ["csh", "-f"],
].filter(([name]) => Bun.which(name!) !== null);
const POSIX_SHELLS = SHELLS.filter(([name]) => !["fish", "tcsh", "csh"].includes(name!));

/** The output of a shell for a script, split at NUL. */
function runShell(shell: readonly string[], script: string): string[] {
  using scratch = openScratch();
  writeFileSync(scratch.at("script"), script);
  const ran = Bun.spawnSync([...shell, scratch.at("script")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
  });
  expect(ran.stderr.toString()).toBe("");
  return ran.stdout.toString("utf8").split("\0").slice(0, -1);
}

describe("a word for sh", () => {
  test.each(POSIX_SHELLS.map((shell) => [shell.join(" "), shell]))("comes out of %s as it went in", (_, shell) => {
    fc.assert(
      fc.property(texts, (all) => {
        expect(runShell(shell, all.map((one) => `printf '%s\\0' ${quoteForSh(one)}\n`).join(""))).toEqual(all);
      }),
      RUNS,
    );
  });
});

describe("an argument of printf %b", () => {
  test("holds nothing that any shell or tmux looks at", () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(encodeForPrintf(one)).toMatch(/^(?:[A-Za-z0-9/._-]|\\0[0-7]{3})*$/);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(SHELLS.map((shell) => [shell.join(" "), shell]))("gives the same bytes in %s", (_, shell) => {
    fc.assert(
      fc.property(texts, (all) => {
        // A leading "x": what printf makes of an argument like "-n" is its own matter.
        const lines = all.map((one) => `printf '%b\\0' 'x${encodeForPrintf(one)}'\n`);
        expect(runShell(shell, lines.join(""))).toEqual(all.map((one) => `x${one}`));
      }),
      RUNS,
    );
  });
});

describe("a word for tmux", () => {
  let tmux: PrivateTmux;
  beforeAll(async () => {
    tmux = await openPrivateTmux();
  });
  afterAll(async () => await tmux[Symbol.asyncDispose]());

  /** The environment that tmux gives its jobs is the one place that shows a text byte by byte. */
  async function readBack(commands: readonly string[], count: number): Promise<string[]> {
    const out = tmux.at("out");
    writeFileSync(tmux.at("conf"), [...commands, `run-shell "env -0 > ${out}.tmp && mv ${out}.tmp ${out}"`, ""].join("\n"));
    await tmux.call("source-file", tmux.at("conf"));
    await until("the environment is written", async () => await Bun.file(out).exists());
    const variables = new Map(
      readFileSync(out, "utf8")
        .split("\0")
        .map((entry) => {
          const at = entry.indexOf("=");
          return [entry.slice(0, at), entry.slice(at + 1)] as const;
        }),
    );
    await Bun.file(out).delete();
    return Array.from({ length: count }, (_, n) => variables.get(`V${n}`) ?? "(unset)");
  }

  test("comes out of source-file as it went in", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (all) => {
        expect(
          await readBack(
            all.map((one, n) => `set-environment -g V${n} ${quoteForTmux(one)}`),
            all.length,
          ),
        ).toEqual(all);
      }),
      RUNS,
    );
  });

  test("comes out of two readings as it went in, quoted twice", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (all) => {
        const commands = all.map((one, n) => `if-shell -F 1 ${quoteForTmux(`set-environment -g V${n} ${quoteForTmux(one)}`)}`);
        expect(await readBack(commands, all.length)).toEqual(all);
      }),
      RUNS,
    );
  });

  test("comes out of the expansion of formats as it went in, escaped", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (all) => {
        const commands = all.map((one, n) => `set-environment -gF V${n} ${quoteForTmux(escapeFormats(one))}`);
        expect(await readBack(commands, all.length)).toEqual(all);
      }),
      RUNS,
    );
  });

  test("comes out of the expansion of formats and time as it went in, escaped", async () => {
    const all = ["%H:%M", "#{pid}%%", "100% #[x] ##[y] #", "#(id)%n", "###%"];
    const commands = all.map(
      (one, n) =>
        `pipe-pane ${quoteForTmux(escapeTimeFormats(`printf %s ${quoteForSh(one)} >${tmux.at(`p${n}`)}; : >${tmux.at(`p${n}.done`)}`))}\npipe-pane`,
    );
    writeFileSync(tmux.at("conf"), commands.join("\n"));
    await tmux.call("source-file", tmux.at("conf"));
    await Promise.all(
      all.map(async (_, n) => await until("pipe-pane has run", async () => await Bun.file(tmux.at(`p${n}.done`)).exists())),
    );
    expect(all.map((_, n) => readFileSync(tmux.at(`p${n}`), "utf8"))).toEqual(all);
  });
});
