import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  defaultIntelligence,
  findSshPort,
  identityOf,
  isHostName,
  isPersonality,
  isRuntime,
  isSshDestination,
  nearest,
  parseIdentity,
  parseIntelligence,
  parsePersonality,
  parseRuntime,
  quoteForMessage,
} from "../../src/model/names.ts";
import { errorOf } from "../support/scratch.ts";

const HOSTILE: readonly (readonly [what: string, name: string])[] = [
  ["nothing", ""],
  ["a NUL", "al\0ice"],
  ["a newline", "alice\n"],
  ["a newline in the middle", "al\nice"],
  ["a colon", "al:ice"],
  ["a dot", "al.ice"],
  ["an equals sign", "=alice"],
  ["two dots", ".."],
  ["a path", "../alice"],
  ["a slash", "al/ice"],
  ["a blank", "al ice"],
  ["a lone surrogate", "al\ud800ice"],
  ["a right-to-left override", "al\u202eice"],
  ["a zero-width space", "al\u200bice"],
  ["256 bytes", "a".repeat(256)],
  ["33 characters", "a".repeat(33)],
  ["é as one character", "caf\u00e9"],
  ["é as two characters", "cafe\u0301"],
  ["a letter that only looks like an a", "\u0430lice"],
  ["digits of another script", "a\u0663"],
  ["a capital", "Alice"],
  ["a capital that folds to k", "\u212a"],
  ["a digit first", "1alice"],
  ["a dash first", "-alice"],
  ["an underscore", "al_ice"],
  ["a star", "al*"],
  ["a dollar", "$HOME"],
];

describe("contract 1: a peer's name is ^[a-z][a-z0-9-]{0,31}$", () => {
  test.each(HOSTILE)("%s is rejected, and the message is one readable line that says what is allowed", (_, name) => {
    const { code, message, hint } = errorOf(() => parsePersonality(name));
    expect(code).toBe("invalid-name");
    expect(message).not.toMatch(/[\p{Cc}\p{Cs}\u2028-\u202e]/u);
    expect(message.length).toBeLessThan(200);
    expect(hint).toContain("^[a-z][a-z0-9-]{0,31}$");
  });

  test.each(["a", "alice", "a-1", "a-", "a--b", "constructor", "x".repeat(32)])("%s is accepted", (name) => {
    expect(parsePersonality(name)).toBe(name);
  });
});

describe("contract 1: a runtime's name is ^[a-z][a-z0-9]{0,31}$", () => {
  test.each([...HOSTILE, ["a dash", "my-runtime"]])("%s is rejected with what is allowed", (_, name) => {
    const { code, hint } = errorOf(() => parseRuntime(name));
    expect(code).toBe("invalid-name");
    expect(hint).toContain("^[a-z][a-z0-9]{0,31}$");
  });

  test.each(["claude", "codex", "a1", "x".repeat(32)])("%s is accepted", (name) => {
    expect(parseRuntime(name)).toBe(name);
  });
});

describe("contract 1: an identity is <runtime>-<personality>, parsed at the first dash", () => {
  test("it parses back to what it was made of, dashes in the name included", () => {
    const runtime = fc.stringMatching(/^[a-z][a-z0-9]{0,31}$/);
    const personality = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
    fc.assert(
      fc.property(runtime, personality, (r, p) => {
        expect(isRuntime(r) && isPersonality(p)).toBe(true);
        expect(parseIdentity(identityOf(r, p))).toEqual({ runtime: r, personality: p });
      }),
    );
  });

  test.each([
    "",
    "claude",
    "claude-",
    "-alice",
    "claude-Alice",
    "Claude-alice",
    "claude-al.ice",
    "claude_alice",
    "claude--alice",
  ])("%j is none", (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  });
});

describe("contract 1: intelligence", () => {
  test.each([
    ["artificial", "artificial"],
    ["natural", "natural"],
    ["absent", "absent"],
    ["human", "natural"],
    ["scripted", "absent"],
  ] as const)("the word %s means %s", (word, meaning) => {
    expect(parseIntelligence(word)).toBe(meaning);
  });

  test.each(["", "Natural", "constructor", "toString", "__proto__"])("the word %j means nothing", (word) => {
    expect(parseIntelligence(word)).toBeUndefined();
  });

  test.each([
    ["telegram", "natural"],
    ["web", "natural"],
    ["cron", "absent"],
    ["api", "absent"],
    ["claude", "artificial"],
    ["constructor", "artificial"],
    ["other", "artificial"],
  ] as const)("the runtime %s defaults to %s", (runtime, meaning) => {
    expect(defaultIntelligence(runtime)).toBe(meaning);
  });
});

test.each([
  ["alcie", "alice"],
  ["alic", "alice"],
  ["bb", "bob"],
  ["zzzz", undefined],
  ["", undefined],
  ["a", undefined],
])("the nearest name to %j is %p", (word, near) => {
  expect(nearest(word, ["alice", "bob"])).toBe(near);
});

test("a person's text in our message is quoted, cut, and cannot steer the terminal", () => {
  expect(quoteForMessage("a\u001b[2J\u202eb\u0085")).toBe('"a\\u001b[2J\\u202eb\\u0085"');
  expect(quoteForMessage("x".repeat(10_000)).length).toBeLessThan(100);
});

describe("a host", () => {
  test.each(["far", "far.example", "far.example.", "a_b-c", "10.1.10.37", "::1", "fe80::1%eth0", "2001:db8::7", "x", "1"])(
    "%s is one, and so is it with a user for ssh",
    (host) => {
      expect([isHostName(host), isSshDestination(host), isSshDestination(`me@${host}`)]).toEqual([true, true, true]);
    },
  );

  test.each([
    "",
    "far:22",
    "far.example:2222",
    "10.1.10.37:22",
    "[::1]:22",
    "[::1]",
    "10.1.10.370",
    "1.2.3.4.",
    "..",
    "a..b",
    ".a",
    "-far",
    "fe80::1%e th0",
    "12:34",
    "fe80::1::2",
    "a b",
    "x@y",
    "x".repeat(254),
  ])("%j is none", (host) => {
    expect([isHostName(host), isSshDestination(`me@${host}`)]).toEqual([false, false]);
  });
});

test.each([
  ["me@host:2222", { user: "me", host: "host", port: "2222" }],
  ["host:22", { user: "", host: "host", port: "22" }],
  ["ssh://me@host:2222/", { user: "me", host: "host", port: "2222" }],
  ["[fe80::1]:22", { user: "", host: "fe80::1", port: "22" }],
  ["me@host", undefined],
  ["me@host:a", undefined],
])("the port of %s", (text, found) => {
  expect(findSshPort(text)).toEqual(found as never);
});
