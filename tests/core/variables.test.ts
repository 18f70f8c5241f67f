import { describe, expect, test } from "bun:test";
import { readVariable, refuseWrongVariables, type VARIABLES } from "../../src/core/variables.ts";
import { errorOf } from "../support/scratch.ts";

const NUMBERS = ["0x10", "-1", "1.5", "1e3", "5 MiB", "NaN", " 7", "7\n", "9".repeat(16)];
const PATHS = ["$HOME/x", "${HOME}", "~bob/x", String.raw`C:\x`, "a\nb", "a\ufffdb", "%HOME%/x", "{root}"];
const PROGRAMS = [...PATHS, "./claude", "bin/claude", "~/bin/claude"];

const WRONG = {
  IAPEER_ROOT: PATHS,
  IAPEER_SOCK_DIR: PATHS,
  IAPEER_FLEET: PATHS,
  IAPEER_CLAUDE_BIN: PROGRAMS,
  IAPEER_CODEX_BIN: PROGRAMS,
  IAPEER_PI_BIN: PROGRAMS,
  IAPEER_OPENCODE_BIN: PROGRAMS,
  IAPEER_REMOTE_BIN: ["a b", "$HOME/iapeer", "a;b", "~bob/iapeer"],
  IAPEER_LOCK_TIMEOUT_MS: NUMBERS,
  IAPEER_CANARY_GRACE_MS: NUMBERS,
  IAPEER_LIFECYCLE_LOG_MAX_BYTES: ["0", ...NUMBERS],
  IAPEER_LIFECYCLE_LOG_KEEP: ["0", "1000", ...NUMBERS],
  IAPEER_TEST_SANDBOX: ["yes", "true", "on", "2"],
} as const satisfies Record<keyof typeof VARIABLES, readonly string[]>;

describe("a variable whose text is no value is an error, for every call:", () => {
  test.each(Object.entries(WRONG))("%s", (name, texts) => {
    for (const text of texts) {
      const error = errorOf(() => refuseWrongVariables({ [name]: text }));
      expect([text, error.code, error.exitStatus, error.details]).toEqual([text, "invalid-value", 2, { variable: name }]);
      expect(error.message).toStartWith(`${name} is not `);
    }
  });
});

test.each([
  ["IAPEER_LOCK_TIMEOUT_MS", "0", 0],
  ["IAPEER_CANARY_GRACE_MS", "200", 200],
  ["IAPEER_LIFECYCLE_LOG_KEEP", "999", 999],
  ["IAPEER_TEST_SANDBOX", "1", true],
  ["IAPEER_TEST_SANDBOX", "0", false],
  ["IAPEER_ROOT", "~/x", "~/x"],
  ["IAPEER_ROOT", "with space/Foo$Bar", "with space/Foo$Bar"],
  ["IAPEER_CLAUDE_BIN", "claude-2.1", "claude-2.1"],
  ["IAPEER_CLAUDE_BIN", "/opt/claude", "/opt/claude"],
  ["IAPEER_CLAUDE_BIN", "/opt/a `b` {c} $HOME/claude", "/opt/a `b` {c} $HOME/claude"],
  ["IAPEER_REMOTE_BIN", "~/.local/bin/iapeer", "~/.local/bin/iapeer"],
  ["IAPEER_FLEET", "", undefined],
] as const)("%s=%j is read as %p", (name, text, value) => {
  expect(readVariable({ [name]: text }, name) as unknown).toBe(value);
  refuseWrongVariables({ [name]: text, IAPEER_OF_LATER: "anything" });
});
