import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseStrictJson, renderJson } from "../../../src/core/text/json.ts";
import { JsonProblem } from "../../../src/core/text/json-problem.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");

function problemOf(input: Uint8Array): string {
  try {
    parseStrictJson(input);
  } catch (error) {
    if (error instanceof JsonProblem) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("what iapeer writes", () => {
  test("reads back equal, whatever the value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        // JSON has one zero.
        const written = JSON.parse(JSON.stringify(value)) as unknown;
        expect(parseStrictJson(bytes(renderJson(written)))).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });

  test("ends in a newline and is indented by two", () => {
    expect(renderJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe("a file that somebody else wrote", () => {
  test.each([
    ["a number that a double cannot hold", '{"a":12345678901234567890}'],
    ["a fraction with more digits than a double has", '{"a":0.1234567890123456789012}'],
    ["a number beyond every double", '{"a":1e400}'],
    ["a negative zero", '{"a":-0}'],
    ["a fraction that ends in a zero", '{"a":1.50}'],
  ])("%s is written again digit by digit", (_, text) => {
    expect(JSON.stringify(parseStrictJson(bytes(text)))).toBe(text);
  });

  test("a whole number written as a fraction is that number", () => {
    expect(parseStrictJson(bytes('{"revision":17.0}'))).toEqual({ revision: 17 });
  });

  test("any whitespace is read", () => {
    expect(parseStrictJson(bytes('\r\n\t{ "a" :\t[ 1 ,2 ] }  '))).toEqual({ a: [1, 2] });
  });

  test("a value that only speaks of __proto__ is no key", () => {
    expect(parseStrictJson(bytes('{"a":"__proto__"}'))).toEqual({ a: "__proto__" });
  });

  test("one key in two objects is not one key twice", () => {
    expect(parseStrictJson(bytes('{"a":{"a":1},"b":[{"a":1},{"a":2}]}'))).toEqual({ a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] });
  });
});

describe("refused, in words for a person:", () => {
  test.each([
    ["an empty file", bytes(""), "is empty"],
    ["white space alone", bytes(" \n"), "is not JSON"],
    ["a file that is cut off", bytes('{"peers":[{"personality":"a'), "is not JSON"],
    ["something behind the end", bytes("{}{}"), "is not JSON"],
    ["a byte order mark", bytes("\uFEFF{}"), "begins with a byte order mark"],
    ["UTF-16", Buffer.from("{}", "utf16le"), "ends in NUL bytes"],
    ["NUL bytes at the end", bytes("{}\n\0\0\0"), "ends in NUL bytes, as after a power cut"],
    ["NUL bytes in the middle", bytes('{"a":\0 1}'), "is not JSON"],
    ["bad UTF-8 in a value", Buffer.from([0x22, 0xff, 0x22]), "is not valid UTF-8"],
    ["an overlong encoding", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), "is not valid UTF-8"],
    ["a surrogate encoded in UTF-8", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "is not valid UTF-8"],
    ["a key twice", bytes('{"a":1,\n"a":2}'), 'has the key "a" twice in one object (line 2)'],
    ["a key twice, once escaped", bytes('{"a":1,"\\u0061":2}'), 'has the key "a" twice'],
    ["a key twice deep inside", bytes('[{"b":[{"c":1,"c":1}]}]'), 'has the key "c" twice'],
    ["__proto__", bytes('{"__proto__":{"x":1}}'), 'has the key "__proto__"'],
    ["__proto__, escaped", bytes('{"\\u005f_proto__":{"x":1}}'), 'has the key "__proto__"'],
    ["a comment", bytes("{} // x"), "is not JSON"],
    ["a comma too many", bytes('{"a":[1,]}'), "is not JSON"],
    ["NaN", bytes('{"a":NaN}'), "is not JSON"],
    ["a hundred thousand open brackets", bytes("[".repeat(100_000)), "is "],
    ["a hundred thousand nested lists", bytes("[".repeat(100_000) + "]".repeat(100_000)), "is nested more than 200 levels deep"],
  ])("%s", (_, input, message) => {
    expect(problemOf(input)).toContain(message);
  });

  test("any text that JSON.parse refuses, and nothing ever gets past as another error", () => {
    const piece = fc.constantFrom("{", "}", "[", "]", '"a"', '"b"', ":", ",", "1", "1.0", "null", " ", "\n", '"__proto__"', "\\");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
        (text) => {
          try {
            parseStrictJson(bytes(text));
          } catch (error) {
            expect(error).toBeInstanceOf(JsonProblem);
            return;
          }
          expect(() => void JSON.parse(text)).not.toThrow();
        },
      ),
      { numRuns: 2000 },
    );
  });
});
