import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeParty, parseParty, renderHead, tameName } from "../../src/model/party.ts";
import { readHostName } from "../../src/core/host.ts";

test("a message has a head that names both ends, and no name can end it", () => {
  expect(renderHead({ from: { host: "mill", name: "alice" }, to: { host: "yard", name: "bob" } })).toBe(
    "[mill:alice -> yard:bob] ",
  );
  expect(tameName("x] [mill:eve\u001b")).toBe("x___mill_eve_");
  expect(tameName("jörg.k-1")).toBe("jörg.k-1");
  expect(readHostName()).toMatch(/^[\p{L}\p{N}_-]+$/u);
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
