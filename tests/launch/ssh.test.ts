import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { planSsh, remoteProgram, type RemoteSend } from "../../src/launch/ssh.ts";
import { openScratch } from "../support/scratch.ts";

const BOB: RemoteSend = {
  to: { kind: "remote", name: "bob", host: "yard", ssh: "me@10.1.10.37" },
  from: { host: "mill", name: "alice" },
  verify: false,
};

/** The command that is run there, behind the destination. */
const wordsOf = (send: RemoteSend, program = "iapeer") => {
  const argv = planSsh(send, program);
  return argv.slice(argv.indexOf("--") + 2);
};

describe("the arguments of ssh", () => {
  test("are its options, an end of them, where to, and what to run there", () => {
    const argv = planSsh(BOB, "iapeer");
    expect(argv.slice(0, 3)).toEqual(["-T", "-a", "-x"]);
    expect(argv).toContain("BatchMode=yes");
    expect(argv.slice(argv.indexOf("--"))).toEqual([
      "--",
      "me@10.1.10.37",
      "iapeer",
      "send",
      "bob",
      "--from",
      "mill:alice",
      "--json",
      "--file",
      "-",
    ]);
  });

  test("hand on what is asked of a message, and never its text", () => {
    const incarnation = "01234567-89ab-4cde-8f01-23456789abcd";
    const to = { ...BOB.to, runtime: "codex", socket: "/tmp/tmux-0/work", incarnation };
    expect(wordsOf({ ...BOB, to, verify: true, sleepMs: 90_000 }, "~/bin/iapeer").join(" ")).toBe(
      "~/bin/iapeer send bob --from mill:alice --runtime codex --socket /tmp/tmux-0/work --if-incarnation 01234567-89ab-4cde-8f01-23456789abcd --verify --directive sleep --grace 90s --json --file -",
    );
  });

  test.each(["-oProxyCommand=x", "me@-x", "a b", "me@host;ls", "$(x)", "", "ssh://a", "me@a\nb"])("never go to %j", (ssh) => {
    expect(() => planSsh({ ...BOB, to: { ...BOB.to, ssh } }, "iapeer")).toThrow(
      expect.objectContaining({ code: "fleet-state-corrupt" }),
    );
  });

  test.each(["a b", "$(x)", "a;b", "'", "\\", "*", "", "a\n", "é", "~root/x", "=x", "^", "%self", "{a,b}", "!1"])(
    "never hold the socket %j",
    (socket) => {
      expect(() => planSsh({ ...BOB, to: { ...BOB.to, socket } }, "iapeer")).toThrow(
        expect.objectContaining({ code: "fleet-state-corrupt" }),
      );
    },
  );

  const anyWord = fc.string({ unit: "binary", maxLength: 40 });
  const anySend = fc.record({
    host: anyWord,
    name: anyWord,
    to: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
    runtime: fc.option(fc.stringMatching(/^[a-z][a-z0-9]{0,31}$/), { nil: undefined }),
    socket: fc.option(fc.stringMatching(/^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}|\/[A-Za-z0-9_./-]{1,106})$/), { nil: undefined }),
    verify: fc.boolean(),
    sleepMs: fc.option(
      fc.integer({ min: 0, max: 3600 }).map((secs) => secs * 1000),
      { nil: undefined },
    ),
  });
  const toSend = ({
    host,
    name,
    to,
    runtime,
    socket,
    ...rest
  }: typeof anySend extends fc.Arbitrary<infer T> ? T : never): RemoteSend => ({
    ...rest,
    from: { host, name },
    to: { ...BOB.to, name: to, runtime, socket },
  });

  test("hold nothing that a shell reads as more than a letter, whoever sends", () => {
    fc.assert(fc.property(anySend, (send) => wordsOf(toSend(send)).every((word) => /^[A-Za-z0-9_.:/-]+$/.test(word))));
  });

  test.each(["sh", "bash", "zsh", "fish", "tcsh"].filter((shell) => Bun.which(shell) !== null))(
    "come out of %s as they went in",
    (shell) => {
      using home = openScratch();
      const env = { PATH: process.env["PATH"], HOME: home.path };
      const take = (send: RemoteSend) => {
        const words = wordsOf(send);
        // As ssh(1) has it: the words with spaces between them, for the login shell to read.
        const { stdout } = Bun.spawnSync([shell, "-c", `env printf '%s|' ${words.join(" ")}`], { stdin: "ignore", env });
        expect(stdout.toString()).toBe(words.map((word) => `${word}|`).join(""));
      };
      fc.assert(
        fc.property(anySend, (send) => take(toSend(send))),
        { numRuns: 40 },
      );
    },
  );
});

describe("iapeer there", () => {
  test.each<[Record<string, string>, string]>([
    [{}, "iapeer"],
    [{ IAPEER_REMOTE_BIN: "" }, "iapeer"],
    [{ IAPEER_REMOTE_BIN: "/opt/iapeer-1.2/bin/iapeer" }, "/opt/iapeer-1.2/bin/iapeer"],
    [{ IAPEER_REMOTE_BIN: "~/.local/bin/iapeer" }, "~/.local/bin/iapeer"],
    [{ IAPEER_REMOTE_BIN: "iapeer-next" }, "iapeer-next"],
  ])("by %j is %s", (env, program) => {
    expect(remoteProgram(env)).toBe(program);
  });

  test.each(["a b", "-x", "$(x)", "a;b", "~me/iapeer", "a\n", "/opt/é"])("is never %j", (text) => {
    expect(() => remoteProgram({ IAPEER_REMOTE_BIN: text })).toThrow(expect.objectContaining({ code: "invalid-value" }));
  });
});
