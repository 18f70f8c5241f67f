import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseLaunchEnv, readLaunchEnv } from "../../../src/launch/runtime/launch-env.ts";
import { errorOf, openScratch, type Scratch } from "../../support/scratch.ts";

function write(scratch: Scratch, content: string | Uint8Array, mode = 0o600): string {
  const path = scratch.at(".iapeer", "runtimes", "claude", "launch.env");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe("a launch.env", () => {
  test("gives its variables as they are written, and nothing is expanded", () => {
    const text = [
      "# a comment",
      "",
      "  # another",
      "A=1",
      "export B=two words",
      "  C=$HOME `id` \\n ~ a#x",
      'D="in quotes "',
      "E=' single '",
      "F=",
      "G=a=b=c",
      "_h1=x  ",
      "I=it's",
      "J='a # b'  ",
      "K='it\"s'",
      'L=a "b" and "c"',
      "export=1",
      "M=''",
      'N="a\\"',
      "O=é😀",
    ].join("\n");
    expect(parseLaunchEnv(text)).toEqual({
      variables: {
        A: "1",
        B: "two words",
        C: "$HOME `id` \\n ~ a#x",
        D: "in quotes ",
        E: " single ",
        F: "",
        G: "a=b=c",
        _h1: "x",
        I: "it's",
        J: "a # b",
        K: 'it"s',
        L: 'a "b" and "c"',
        export: "1",
        M: "",
        N: "a\\",
        O: "é😀",
      },
      startArgs: [],
      problems: [],
    });
  });

  test.each<[string, string[]]>([
    ["PEER_START_ARGS=--a b", ["--a", "b"]],
    ["PEER_START_ARGS=\"--a 'b c' d\\ e\"", ["--a", "b c", "d e"]],
    ["export PEER_START_ARGS='--a \"b c\"'", ["--a", "b c"]],
    ['PEER_START_ARGS="a b" "c d"', ["a b", "c d"]],
    ["PEER_START_ARGS=$HOME *", ["$HOME", "*"]],
    ["PEER_START_ARGS=", []],
    ["PEER_START_ARGS=--a 'b # c' \"d # e\" f#g", ["--a", "b # c", "d # e", "f#g"]],
  ])("gives start arguments: %s", (line, startArgs) => {
    expect(parseLaunchEnv(line)).toEqual({ variables: {}, startArgs, problems: [] });
  });

  test.each<[string, string]>([
    ["A", "line 1: is not KEY=VALUE"],
    ["1A=x", "line 1: is not KEY=VALUE"],
    ["A B=x", "line 1: is not KEY=VALUE"],
    ["A-B=x", "line 1: is not KEY=VALUE"],
    ["A =x", "line 1: is not KEY=VALUE"],
    ["=x", "line 1: is not KEY=VALUE"],
    ["export", "line 1: is not KEY=VALUE"],
    ["A=1\nB=2\nA=3", "line 3: A is set twice"],
    ["A=1\0", "line 1: holds a control character"],
    ["A=1\u001b[31m", "line 1: holds a control character"],
    ["A=1\tB", "line 1: holds a control character"],
    ["A=1\r\n", "line 1: ends in CRLF"],
    ['A="x" y', "line 1: A has a text behind its closing quote"],
    ['A="x" # why', "line 1: A has a text behind its closing quote"],
    ['A="a" and "b"', "line 1: A has a text behind its closing quote"],
    ["A='it'\\''s'", "line 1: A has a text behind its closing quote"],
    ['A="', "line 1: A begins with a quote that is not closed"],
    ["A=\"b'", "line 1: A begins with a quote that is not closed"],
    ["A=x # why", "line 1: A has a # that a shell reads as a comment"],
    ["A=# why", "line 1: A has a # that a shell reads as a comment"],
    ["A=it's # can't", "line 1: A has a # that a shell reads as a comment"],
    ["PEER_START_ARGS=--a b # why", "line 1: PEER_START_ARGS has a # that a shell reads as a comment"],
    ["\ufeffA=1", "line 1: begins with a byte order mark"],
    ["PEER_START_ARGS=it's", "PEER_START_ARGS: a quote is not closed"],
    ["PEER_START_ARGS=a\nPEER_START_ARGS=b", "line 2: PEER_START_ARGS is set twice"],
    ...["PEER_PERSONALITY", "PEER_RUNTIME", "PEER_IDENTITY", "TMUX", "TMUX_PANE"].map((key): [string, string] => [
      `${key}=x`,
      `line 1: ${key} may not be set here`,
    ]),
  ])("is refused: %j", (text, problem) => {
    const { problems } = parseLaunchEnv(text);
    expect(problems.length).toBe(1);
    expect(problems[0]).toStartWith(problem);
  });

  test("is read from the peer's folder", () => {
    using scratch = openScratch();
    write(scratch, "A=1\nPEER_START_ARGS=--b c\n", 0o644);
    expect(readLaunchEnv(scratch.path, "claude")).toEqual({ variables: { A: "1" }, startArgs: ["--b", "c"] });
  });

  test("that is not there is empty", () => {
    using scratch = openScratch();
    expect(readLaunchEnv(scratch.path, "claude")).toEqual({ variables: {}, startArgs: [] });
  });

  test("with several problems is refused with all of them in one message", () => {
    using scratch = openScratch();
    const path = write(scratch, "A\nB=1\nTMUX=x\n");
    const error = errorOf(() => readLaunchEnv(scratch.path, "claude"));
    expect([error.code, error.exitStatus, error.message]).toEqual([
      "launch-env-invalid",
      5,
      `${path}: line 1: is not KEY=VALUE: "A"; line 3: TMUX may not be set here; iapeer sets it`,
    ]);
  });

  test.each([0o620, 0o602, 0o666])("that others may write (mode %o) is refused", (mode) => {
    using scratch = openScratch();
    write(scratch, "A=1\n", mode);
    const error = errorOf(() => readLaunchEnv(scratch.path, "claude"));
    expect([error.code, error.exitStatus]).toEqual(["launch-env-insecure", 5]);
  });

  test.each<[string, (scratch: Scratch) => void]>([
    ["is no UTF-8", (scratch) => write(scratch, Buffer.from([0x41, 0x3d, 0xff]))],
    ["is too large", (scratch) => write(scratch, `A=${"x".repeat(65_536)}`)],
    ["is a folder", (scratch) => mkdirSync(scratch.at(".iapeer", "runtimes", "claude", "launch.env"), { recursive: true })],
    [
      "is a link",
      (scratch) => {
        mkdirSync(scratch.at(".iapeer", "runtimes", "claude"), { recursive: true });
        symlinkSync("/dev/null", scratch.at(".iapeer", "runtimes", "claude", "launch.env"));
      },
    ],
  ])("that %s is refused", (_, make) => {
    using scratch = openScratch();
    make(scratch);
    expect(errorOf(() => readLaunchEnv(scratch.path, "claude")).code).toBe("launch-env-invalid");
  });
});
