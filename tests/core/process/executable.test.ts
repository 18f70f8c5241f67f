import { expect, test } from "bun:test";
import { parseInterpreter, whyNotExecutable } from "../../../src/core/process/executable.ts";
import { openScratch } from "../../support/scratch.ts";
import { writeProgram } from "../../support/script-file.ts";

test.each<[string, string, string | undefined]>([
  ["a plain one", "#!/bin/sh\necho", "/bin/sh"],
  ["one with an option", "#!/bin/sh -e\n", "/bin/sh"],
  ["one after white space", "#! \t/bin/sh\n", "/bin/sh"],
  ["one without an end of line", "#!/bin/sh", "/bin/sh"],
  ["one with CRLF", "#!/bin/sh\r\n", "/bin/sh\r"],
  ["one cut by a NUL", "#!/bin/sh\0x\n", "/bin/sh"],
  ["env and a name", "#!/usr/bin/env python3\n", "python3"],
  ["env and a name, CRLF", "#!/usr/bin/env python3\r\n", "python3\r"],
  ["env and a name, white space after it", "#!/usr/bin/env  python3 \t\n", "python3"],
  ["env with options", "#!/usr/bin/env -S python3 -u\n", "/usr/bin/env"],
  ["env with an assignment", "#!/usr/bin/env A=b\n", "/usr/bin/env"],
  ["env and two words, which env takes as one", "#!/usr/bin/env python3 -u\n", "/usr/bin/env"],
  ["env alone", "#!/usr/bin/env\n", "/usr/bin/env"],
  ["none after the marks", "#!\n", ""],
  ["none at all", "echo\n", undefined],
  ["marks that do not come first", " #!/bin/sh\n", undefined],
  ["an empty file", "", undefined],
])("the interpreter of a shebang: %s", (_, head, interpreter) => expect(parseInterpreter(Buffer.from(head))).toBe(interpreter));

test.each<[string, string | Uint8Array]>([
  ["a script", "#!/bin/sh\n"],
  ["a script whose interpreter env finds", "#!/usr/bin/env sh\n"],
  ["something without a shebang, which only the kernel can judge", "echo"],
])("nothing speaks against %s", (_, content) => {
  using scratch = openScratch();
  expect(whyNotExecutable(writeProgram(scratch.at("program"), content), process.env)).toBeUndefined();
});
