import { expect, test } from "bun:test";
import fc from "fast-check";
import { accountEnvironment, renderEnvironment } from "../../../src/launch/start/environment.ts";

const ALICE = { personality: "alice", runtime: "claude" };
const BOB = { personality: "bob", runtime: "codex" };

test("a session has the account's variables, those of its launch, and its peer's names", () => {
  const account = { HOME: "/h", LANG: "C", API_KEY: "the account's" };
  expect(renderEnvironment(ALICE, { LANG: "de", API_KEY: "its own", OWN: "1" }, account)).toEqual({
    HOME: "/h",
    LANG: "de",
    API_KEY: "its own",
    OWN: "1",
    IAPEER_REPLACED: '{"LANG":"C","API_KEY":null,"OWN":null}',
    PEER_PERSONALITY: "alice",
    PEER_RUNTIME: "claude",
    PEER_IDENTITY: "claude-alice",
  });
});

test.each([
  ["PEER_IDENTITY"],
  ["PEER_OTHER"],
  ["IAPEER_TOKEN"],
  ["TMUX"],
  ["TMUX_PANE"],
  ["CLAUDECODE"],
  ["CLAUDE_CODE_SESSION_ID"],
  ["CODEX_THREAD_ID"],
  ["OPENCODE_PID"],
])("%s is a session's own, and is not the account's", (name) => {
  expect(accountEnvironment({ [name]: "x", HOME: "/h" })).toEqual({ HOME: "/h" });
});

test.each(["TMUX_TMPDIR", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "ANTHROPIC_API_KEY", "IAPEER_ROOT"])(
  "%s is the account's",
  (name) => {
    expect(accountEnvironment({ [name]: "x" })).toEqual({ [name]: "x" });
  },
);

test.each(["", "{", "[]", "1", "null"])("a list of what was replaced that reads as %j replaces nothing", (text) => {
  expect(accountEnvironment({ HOME: "/h", IAPEER_REPLACED: text })).toEqual({ HOME: "/h" });
});

test("what a session's launch set ends with it: the next session gets the account's, or none where that is not told", () => {
  const name = fc.constantFrom("PATH", "LANG", "TZ", "API_KEY", "OWN", "OTHER");
  const variables = fc.dictionary(name, fc.string(), { noNullPrototype: true });
  fc.assert(
    fc.property(variables, variables, (account, added) => {
      const session = renderEnvironment(ALICE, added, account);
      const isLost = (one: string) => one in added && !["PATH", "LANG", "TZ"].includes(one);
      const left = Object.fromEntries(Object.entries(account).filter(([one]) => !isLost(one)));
      expect(renderEnvironment(BOB, {}, accountEnvironment(session))).toEqual(renderEnvironment(BOB, {}, left));
    }),
  );
});
