import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { normalizeWords } from "../../src/cli/completion.ts";
import { ok } from "../support/calls.ts";
import { BINARY, openSandbox, type Sandbox } from "../support/sandbox.ts";

/** The offers for the last of these words. */
async function offered(sandbox: Sandbox, ...words: string[]): Promise<string[]> {
  const { stdout } = await ok(sandbox, "complete", "--", ...words);
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(":"))
    .map((line) => line.split("\t")[0]!);
}

async function withPeers(): Promise<Sandbox> {
  const sandbox = openSandbox();
  await ok(sandbox, "add", "alpha", "--description", "line one\nline\ttwo");
  await ok(sandbox, "add", "beta", "--runtime", "telegram");
  mkdirSync(join(sandbox.folder, "my folder"));
  sandbox.write("slot.json", "{}");
  return sandbox;
}

test("commands, options, their values and the names of peers are offered", async () => {
  using sandbox = await withPeers();
  const rows: [string[], string[]][] = [
    [["sh"], ["show"]],
    [
      ["provider", ""],
      ["check", "run"],
    ],
    [
      ["show", ""],
      ["alpha", "beta"],
    ],
    [["remove", "alpha", "b"], ["beta"]],
    [["update", "al"], ["alpha"]],
    [
      ["memory-plugin", ""],
      ["on", "off"],
    ],
    [
      ["memory-plugin", "on", "--peer", ""],
      ["alpha", "beta"],
    ],
    [["provider", "run", "birth", "--peer=be"], ["beta"]],
    [
      ["list", "--runtime", ""],
      ["claude", "codex", "telegram"],
    ],
    [["add", "x", "--intelligence", "n"], ["natural"]],
    [["add", "x", "--des"], ["--description"]],
    [
      ["completions", ""],
      ["bash", "zsh", "fish"],
    ],
    [["lo"], ["logs"]],
    [["logs", "al"], ["alpha"]],
    [["stop", "alpha", "b"], ["beta"]],
    [["help", "ver"], ["verify"]],
    [["--ro"], ["--root"]],
    [["--root", sandbox.root, "show", "a"], ["alpha"]],
    [["--root=/nowhere", "show", ""], []],
    [["add", "x", "--cwd", "my"], ["my folder/"]],
    [["add", "x", "--cwd", "./my"], ["./my folder/"]],
    [["provider", "check", "sl"], ["slot.json"]],
    [["add", ""], []],
  ];
  for (const [words, candidates] of rows) expect([words, await offered(sandbox, ...words)]).toEqual([words, candidates]);
});

test("a description cannot forge a candidate", async () => {
  using sandbox = await withPeers();
  expect((await ok(sandbox, "complete", "--", "show", "al")).stdout).toBe("alpha\tline one line two\n:4\n");
});

test("a registry that cannot be read offers nothing, and says nothing", async () => {
  using sandbox = openSandbox();
  sandbox.write("root/peers-profiles.json", "{");
  expect(await sandbox.iapeer("complete", "--", "show", "")).toMatchObject({ status: 0, stdout: ":4\n", stderr: "" });
});

test("normalizeWords puts together what bash takes apart, and takes apart what stands before the word that is typed", () => {
  expect(normalizeWords(["list", "--runtime", "=", "cl"])).toEqual(["list", "--runtime=cl"]);
  expect(normalizeWords(["list", "--runtime", "="])).toEqual(["list", "--runtime="]);
  expect(normalizeWords(["--root=r", "list", "--runtime=c"])).toEqual(["--root", "r", "list", "--runtime=c"]);
  expect(normalizeWords(["add", "=", "x"])).toEqual(["add", "=", "x"]);
});

describe("in a real shell", () => {
  /** Runs a script in which the program is on PATH. */
  async function runShell(sandbox: Sandbox, argv: readonly string[]): Promise<string> {
    mkdirSync(join(sandbox.folder, "bin"), { recursive: true });
    Bun.spawnSync(["ln", "-sf", BINARY, join(sandbox.folder, "bin/iapeer")], { stdin: "ignore" });
    const env = {
      ...sandbox.env,
      PATH: `${join(sandbox.folder, "bin")}:${sandbox.env["PATH"]}`,
      TERM: "xterm",
      ZDOTDIR: sandbox.home,
    };
    const child = Bun.spawn([...argv], {
      env,
      cwd: sandbox.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000,
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect(stderr).toBe("");
    return stdout;
  }

  const inBash = async (sandbox: Sandbox, ...words: string[]) =>
    await runShell(sandbox, [
      "bash",
      "--norc",
      "-c",
      `source <(iapeer completions bash); source <(iapeer completions bash)
       COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
       complete -p iapeer >/dev/null && _iapeer_complete && printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      "iapeer",
      ...words,
    ]);

  test.skipIf(Bun.which("bash") === null)("bash: names of peers, a value after =, a path with a space, quoted", async () => {
    using sandbox = await withPeers();
    expect(await inBash(sandbox, "show", "")).toBe("alpha\nbeta\n");
    expect(await inBash(sandbox, "show", "al")).toBe("alpha\n");
    expect(await inBash(sandbox, "list", "--runtime", "=", "co")).toBe("codex\n");
    expect(await inBash(sandbox, "add", "x", "--cwd", "my\\ fo")).toBe("my\\ folder/\n");
    expect(await inBash(sandbox, "provider", "c")).toBe("check\n");
  });

  test.skipIf(Bun.which("bash") === null)("bash: what is typed is never run", async () => {
    using sandbox = await withPeers();
    await inBash(sandbox, "show", "$(touch pwned)", "`touch pwned`", "; touch pwned", "");
    expect(await Bun.file(join(sandbox.folder, "pwned")).exists()).toBe(false);
  });

  test.skipIf(Bun.which("fish") === null)("fish: names of peers with what they are for", async () => {
    using sandbox = await withPeers();
    const script = (line: string) => ["fish", "--no-config", "-c", `iapeer completions fish | source; complete -C '${line}'`];
    expect(await runShell(sandbox, script("iapeer show "))).toBe("alpha\tline one line two\nbeta\n");
    expect(await runShell(sandbox, script("iapeer sho"))).toStartWith("show\t");
  });

  test.skipIf(Bun.which("zsh") === null)("zsh: a name is completed at the prompt", async () => {
    using sandbox = await withPeers();
    // A pseudo-terminal of zsh's own, since completion only works in its line editor.
    const script = sandbox.write(
      "try.zsh",
      `zmodload zsh/zpty
       zpty z zsh -f -i
       zpty -w z "autoload -Uz compinit; compinit -u -D; source <(iapeer completions zsh); echo rea''dy"
       zpty -r -m z seen '*ready*'
       zpty -w -n z $'iapeer show al\\t'
       zpty -r -m z seen '*alpha*' && print -r -- completed
       zpty -d z`,
    );
    expect(await runShell(sandbox, ["zsh", "-f", script])).toBe("completed\n");
  });
});
