import { expect, test } from "bun:test";
import fc from "fast-check";
import { findForeignSyntax, refuseForeignSyntax } from "../../src/model/path-words.ts";
import { errorOf } from "../support/scratch.ts";

test.each([
  ["$HOME", "a variable of a shell"],
  ["$HOME/x", "a variable of a shell"],
  ["/srv/$USER/x", "a variable of a shell"],
  ["/srv/x${USER}", "a variable of a shell"],
  ["$(pwd)/x", "a variable of a shell"],
  ["`pwd`", "a command of a shell"],
  ["%USERPROFILE%/x", "a variable of Windows"],
  [String.raw`C:\x`, "a drive of Windows"],
  ["c:/x", "a drive of Windows"],
  [String.raw`\\server\share`, "a drive of Windows"],
  [String.raw`src\app`, "a backslash"],
  [String.raw`my\ app`, "a backslash"],
  ['"/srv/app"', "quotes around it"],
  ["{other}", "a placeholder"],
  ["/srv/{{ name }}", "a placeholder"],
  ["/srv/{a,b}", "a placeholder"],
  ["~bob", "the home of another user"],
  ["~bob/x", "the home of another user"],
  ["~+/x", "the home of another user"],
  ["file:///srv/x", "a URL"],
  ["https://x.example/y", "a URL"],
  ["me@far:/srv/x", "a path of another host"],
  ["~/src/*", "a pattern"],
])("%s is in the syntax of another tool: %s", (text, what) => {
  expect(findForeignSyntax(text)?.what).toBe(what);
  const error = errorOf(() => refuseForeignSyntax(text));
  expect(error).toMatchObject({ code: "invalid-value", exitStatus: 2 });
  expect(error.message).toEndWith(` has ${what}`);
});

test.each([
  "/",
  ".",
  "..",
  "~",
  "~/x",
  "./~bob",
  "/a b/c",
  "Foo$Bar",
  "/a/b$",
  "a%20b",
  "a:b",
  "x@y",
  "a{b",
  "é/ü",
  "it's",
  "a#b",
])("%s is a plain path", (text) => {
  expect(findForeignSyntax(text)).toBeUndefined();
});

test("a placeholder of the caller's own is none, and any other is told with those that there are", () => {
  expect(findForeignSyntax("~/src/{name}", ["name"])).toBeUndefined();
  expect(findForeignSyntax("~/{name}/{host}", ["name"])?.hint).toBe("only {name} is replaced here: write out what it stands for");
});

test("a path of letters, digits, spaces and the usual marks is never refused", () => {
  const part = fc.stringMatching(/^[\p{L}\p{N} ._,+=@#()[\]-]{1,12}$/u);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      expect(findForeignSyntax(`/${parts.join("/")}`)).toBeUndefined();
    }),
  );
});
