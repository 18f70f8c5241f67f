import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Bounded, describeStartError, Tail, whyNotArguments } from "../../../src/core/process/command.ts";

const encoder = new TextEncoder();

function tailOf(chunks: readonly Uint8Array[]): string | undefined {
  const tail = new Tail();
  chunks.forEach((chunk) => tail.push(chunk));
  return tail.text();
}

/** The same, of the whole text at once. */
function naiveTail(bytes: Uint8Array): string | undefined {
  const characters = Array.from(new TextDecoder().decode(bytes).trimEnd());
  return characters.length === 0 ? undefined : characters.slice(-400).join("");
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe("the end of stderr", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3000 }),
    fc.string({ unit: fc.constantFrom("é", "😀", "漢", "a", "\n"), minLength: 300, maxLength: 3000, size: "max" }),
  );

  test("is the last 400 characters, however it comes in pieces", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 6 }), (whole, at) => {
        const bytes = encoder.encode(whole);
        expect(tailOf(cut(bytes, at))).toBe(naiveTail(bytes));
      }),
      { numRuns: 300 },
    );
  });

  test("is the same for bytes that are no text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000, size: "max" }), fc.array(fc.nat(), { maxLength: 4 }), (bytes, at) => {
        expect(tailOf(cut(bytes, at))).toBe(naiveTail(bytes));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["nothing", "", undefined],
    ["only white space", " \n\t\n", undefined],
    ["400 characters", "😀".repeat(400), "😀".repeat(400)],
    ["401 characters", `x${"😀".repeat(400)}`, "😀".repeat(400)],
    ["white space at its end", "why\n\n", "why"],
    ["as much white space as a screen", `${"é".repeat(400)}${"\n".repeat(2000)}`, "é".repeat(400)],
  ])("of %s", (_, whole, end) => expect(tailOf([encoder.encode(whole)])).toBe(end as string));
});

describe("stdout with a bound", () => {
  test("is kept up to the bound, and the first byte over it is told", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.array(fc.uint8Array({ max: 127, maxLength: 20 })), (bound, chunks) => {
        let over = 0;
        const bounded = new Bounded(bound, () => (over += 1));
        chunks.forEach((chunk) => bounded.push(chunk));
        const whole = Buffer.concat(chunks);
        expect(bounded.text()).toBe(whole.toString("latin1", 0, bound));
        expect(over > 0).toBe(whole.length > bound);
      }),
    );
  });
});

test.each<[string, readonly string[], string | undefined]>([
  ["ordinary ones", ["/bin/x", "", "a b", "$(reboot)", "é\n"], undefined],
  ["the longest that the kernel takes", ["/bin/x", "x".repeat(131_071)], undefined],
  [
    "one byte more",
    ["/bin/x", "x".repeat(131_072)],
    "argument 1 is 131072 bytes, longer than the 131071 that the kernel takes (E2BIG)",
  ],
  ["a NUL", ["/bin/x", "a", "b\0"], 'argument 2 holds a NUL character: "b\\u0000"'],
  ["a NUL in the command itself", ["/bin\0"], 'argument 0 holds a NUL character: "/bin\\u0000"'],
  ["half of a pair", ["/bin/x", "\udc00"], "argument 1 holds half of a UTF-16 pair and cannot be written in UTF-8"],
])("arguments that can be handed over, and why not: %s", (_, argv, why) => {
  if (why === undefined) expect(whyNotArguments(argv)).toBeUndefined();
  else expect(whyNotArguments(argv)).toStartWith(why);
});

test("the message about an argument shows its beginning and nothing that moves the cursor", () => {
  const why = whyNotArguments(["/bin/x", `\u001b[2J\u202e${"x".repeat(200_000)}`])!;
  expect(why.length).toBeLessThan(250);
  // oxlint-disable-next-line no-control-regex
  expect(why).not.toMatch(/[\u0000-\u001f\u202e]/);
});

test("a failed start of a kind that is not known is told by its errno", () => {
  expect(describeStartError("/bin/x", "ENOMEM", Object.assign(new Error("out"), { code: "ENOMEM" }))).toBe(
    "/bin/x cannot be started: ENOMEM",
  );
});
