import { expect, test } from "bun:test";
import fc from "fast-check";
import { fitPage } from "../../src/cli/page.ts";

test("rows of citty stand at the left, and a text goes on below itself", () => {
  const page = "OPTIONS\n\n       --one=<x>    a text of several words   \n  -t, --another    short             ";
  expect(fitPage(page, 34)).toBe("OPTIONS\n\n  --one=<x>      a text of several\n                 words\n  -t, --another  short");
});

test("a label that is too wide has its text below", () => {
  const wide = `--${"x".repeat(30)}`;
  expect(fitPage(`  ${wide}    text\n  --a    b`, 60)).toBe(`  ${wide}\n       text\n  --a  b`);
});

test("a usage line goes on behind its first word, a paragraph where it began", () => {
  expect(fitPage("USAGE iapeer add [OPTIONS] <NAME>", 20)).toBe("USAGE iapeer add\n      [OPTIONS]\n      <NAME>");
  expect(fitPage("one two three four", 10)).toBe("one two\nthree four");
  expect(fitPage("  one two three four", 12)).toBe("  one two\n  three four");
});

test("colours stay, on each line that they reach", () => {
  expect(fitPage("  \u001b[36m--a\u001b[39m    \u001b[90mone two\u001b[39m", 14)).toBe(
    "  \u001b[36m--a\u001b[39m  \u001b[90mone two\u001b[39m",
  );
  expect(Bun.stripANSI(fitPage("\u001b[90mone two\u001b[39m", 4))).toBe("one\ntwo");
});

test("no word of a page is lost, and no line is wider than the columns where its words are not", () => {
  const text = fc.array(fc.stringMatching(/^[a-z日]{1,9}$/), { minLength: 1, maxLength: 20 }).map((words) => words.join(" "));
  const line = fc.oneof(
    text,
    text.map((one) => `  ${one}`),
    fc.tuple(fc.stringMatching(/^--[a-z]{1,30}$/), text).map((row) => ` ${row.join("    ")}`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const page = lines.join("\n");
      const fitted = fitPage(page, 60);
      expect(fitted.split(/\s+/).filter(Boolean)).toEqual(page.split(/\s+/).filter(Boolean));
      for (const one of fitted.split("\n")) expect(Bun.stringWidth(one)).toBeLessThanOrEqual(60);
    }),
  );
});
