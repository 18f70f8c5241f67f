import { describe, expect, test } from "bun:test";
import { charsIn, decodeMessage, MAX_CHARS, parseMessage } from "../../src/model/message.ts";

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

  test("is measured in characters, not in UTF-16 units", () => {
    expect(charsIn("a😀")).toBe(2);
  });
});
