import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseLogLine, renderLogLine } from "../../../src/core/text/logfmt.ts";

/** Texts of every kind, and often one of those that could break a line. */
const nasty = fc.constantFrom(
  "\n",
  "\r",
  "\r\n",
  "\u001b[31m",
  "\u0085",
  "\u2028",
  "\u2029",
  '"',
  "\\",
  "=",
  " pid=1",
  'x" ev="server-exit',
  "\ud800",
  "\udfff",
  "\0",
  "\u007f",
  "\u00a0",
  "\ufeff",
  "\t",
  "é",
  "😀",
  "null",
  "",
  "\u202e",
  "a=b",
  '\\"',
  "\\u0000",
);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))).map((units) => units.join("")),
  fc.array(nasty).map((parts) => parts.join("")),
);
const key = fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/);

describe("a log line", () => {
  test("parses back equal, whatever the values hold (contract 7: no value can forge a field or a line)", () => {
    fc.assert(
      fc.property(fc.dictionary(key, anyText, { minKeys: 1, maxKeys: 6, noNullPrototype: true }), (fields) => {
        const line = renderLogLine(fields);
        expect(parseLogLine(line)).toEqual(fields);
      }),
      { numRuns: 1500 },
    );
  });

  test("is one line of printable text, whatever the values hold", () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const line = renderLogLine({ detail: value });
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\p{Cs}]/u);
        expect(Buffer.from(line, "utf8").toString("utf8")).toBe(line);
      }),
      { numRuns: 1500 },
    );
  });

  test.each([
    ["newline", "\n", '"\\n"'],
    ["carriage return", "\r", '"\\r"'],
    ["escape", "\u001b", '"\\u001b"'],
    ["next line", "\u0085", '"\\u0085"'],
    ["line separator", "\u2028", '"\\u2028"'],
    ["quote", '"', '"\\""'],
    ["backslash", "\\", '"\\\\"'],
    ["equals sign", "=", '"="'],
    ["forged field", " pid=1", '" pid=1"'],
    ["lone surrogate", "\ud83d", '"\\ud83d"'],
  ])("writes a %s escaped inside quotes", (_, value, written) => {
    expect(renderLogLine({ a: value })).toBe(`a=${written}`);
  });

  test("leaves a plain value bare, an empty one empty, and a missing one out", () => {
    expect(renderLogLine({ ev: "session-exit", dead_signal: "", exit: 7, ok: true, gone: undefined, none: null })).toBe(
      "ev=session-exit dead_signal= exit=7 ok=true",
    );
    expect(parseLogLine("ev=session-exit dead_signal= exit=7")).toEqual({ ev: "session-exit", dead_signal: "", exit: "7" });
  });

  test.each([
    ["quotes and backslashes", '"\\'.repeat(512 * 1024)],
    ["plain letters", "x".repeat(1024 * 1024)],
    ["newlines", "\n".repeat(1024 * 1024)],
  ])("parses back equal with a value of 1 MB of %s", (_, value) => {
    const line = renderLogLine({ a: "1", detail: value, z: "2" });
    expect(line.includes("\n")).toBe(false);
    expect(parseLogLine(line)!["detail"] === value).toBe(true);
  });
});

describe("a line that iapeer did not write", () => {
  test.each([
    "",
    " ",
    "words alone",
    "a=1  b=2",
    "a=1 b",
    '="x"',
    'a="x',
    'a="x"y',
    'a="\\x"',
    'a=x"y',
    " a=1",
    'a="1"b=2',
    "a=1 torn",
  ])("is not parsed: %j", (line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });

  test("a line torn anywhere never gives a field that the whole line does not begin with", () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, anyText, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (fields, at) => {
          const line = renderLogLine(fields);
          const torn = parseLogLine(line.slice(0, Math.floor(line.length * at))) ?? {};
          for (const [name, value] of Object.entries(torn)) {
            expect(fields[name]?.startsWith(value)).toBe(true);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
