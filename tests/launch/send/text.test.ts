import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  charsIn,
  decodeMessage,
  encodeParty,
  MAX_CHARS,
  parseMessage,
  parseParty,
  readHost,
  renderHead,
  tameName,
} from "../../../src/launch/send/text.ts";

describe("a message", () => {
  test.each([
    ["a\r\nb\r\n", "a\nb"],
    ["a\n\n\n", "a"],
    ["\ta", "\ta"],
    ["\n a", "\n a"],
    ["é 日本 😀", "é 日本 😀"],
    ["😀".repeat(MAX_CHARS), "😀".repeat(MAX_CHARS)],
    [`${"x".repeat(MAX_CHARS)}\r\n`, "x".repeat(MAX_CHARS)],
  ])("%# is text with LF, and none at its end", (text, message) => {
    expect(parseMessage(text)).toBe(message);
  });

  test.each([
    ["", "is empty"],
    [" \r\n\t ", "is empty"],
    ["a\ud800b", "half a character"],
    ["a\rb", "U+000D, at character 2"],
    ["😀\u001b[201~", "U+001B, at character 2"],
    ["a\u0000", "U+0000"],
    ["a\u007f", "U+007F"],
    ["a\u0085b", "U+0085"],
    [`${"😀".repeat(MAX_CHARS)}a`, "16001 characters, more than 16000"],
  ])("%j is refused", (text, why) => {
    expect(() => parseMessage(text)).toThrow(
      expect.objectContaining({ code: "message-invalid", message: expect.stringContaining(why) }),
    );
  });

  test("is UTF-8", () => {
    expect(decodeMessage(Buffer.from("é😀"))).toBe("é😀");
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      expect(() => decodeMessage(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: "message-invalid" }));
    }
  });

  test("has a head that names both ends, and no name can end it", () => {
    expect(renderHead({ from: { host: "mill", name: "alice" }, to: { host: "yard", name: "bob" } })).toBe(
      "[mill:alice -> yard:bob] ",
    );
    expect(tameName("x] [mill:eve\u001b")).toBe("x___mill_eve_");
    expect(tameName("jörg.k-1")).toBe("jörg.k-1");
    expect(readHost()).toMatch(/^[\p{L}\p{N}_-]+$/u);
    expect(charsIn("a😀")).toBe(2);
  });
});

describe("HOST:NAME", () => {
  test.each(["mill:alice", "10.1.10.37:kim", "a_b.c-d:x-0", `${"h".repeat(64)}:${"n".repeat(64)}`])("%s is one", (text) => {
    const [host, name] = text.split(":") as [string, string];
    expect(parseParty(text)).toEqual({ host, name });
  });

  test.each([
    "alice",
    "mill:",
    ":alice",
    "mill:alice:x",
    "-o:alice",
    "mill:-alice",
    "mi ll:alice",
    "mill:al]ice",
    "mill:jörg",
    "mill:a$b",
    "mill:a\n",
    `${"h".repeat(65)}:a`,
    "",
  ])("%j is none", (text) => {
    expect(parseParty(text)).toBeUndefined();
  });

  test("is what any host and account are encoded as", () => {
    const word = fc.string({ unit: "binary", maxLength: 80 });
    fc.assert(fc.property(word, word, (host, name) => parseParty(encodeParty({ host, name })) !== undefined));
    expect(encodeParty({ host: "mill", name: "jörg" })).toBe("mill:j_rg");
  });
});
