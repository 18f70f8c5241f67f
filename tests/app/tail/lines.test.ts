// The lines of a session's log, whatever its programs do.
import { describe, expect, test } from "bun:test";
import { renderLog, splitSessions } from "../../../src/app/tail/lines.ts";

const mark = (n: number) => `== claude-bob launched: 01234567-89ab-4cde-8f01-23456789abc${n} ==`;
const render = async (log: string, count: number) => await renderLog(log, { identity: "claude-bob", count });

describe("a log", () => {
  test("is its sessions, also where one ended in the middle of a line", () => {
    expect(splitSessions(`end of one${mark(1)}\ntwo\n${mark(2)}\n`, "claude-bob")).toEqual([
      { mark: undefined, output: "end of one" },
      { mark: mark(1), output: "two\n" },
      { mark: mark(2), output: "" },
    ]);
  });

  test("has its lines as they were printed, and drawn ones as they stood", async () => {
    const log = `a\tb\r\n10%\r100%\r\n${mark(1)}\none\r\ntwo\u001b[1A\r1\u001b[2;1H2${mark(2)}\nplain\tline\r\n`;
    const lines = ["a\tb", "100%", mark(1), "1ne", "2wo", mark(2), "plain\tline"];
    for (const count of [1, 2, 3, 5, 7, 100]) expect(await render(log, count)).toEqual(lines.slice(-count));
    expect(await render(log, 0)).toEqual([]);
  });

  test("is drawn at least as large as its program drew it", async () => {
    expect(await render("\u001b[Ha\u001b[60;230Hb\u001b[999;999H\u001b[61;1Hc", 1)).toEqual(["c"]);
    expect((await render("\u001b[60;230Hb\u001b[1;1Ha", 100))[59]).toBe(`${" ".repeat(229)}b`);
  });

  test("takes the last session's lines from elsewhere where those are known, and only where it draws", async () => {
    const options = { identity: "claude-bob", count: 5, readLast: async () => ["live"] };
    expect(await renderLog(`one\r\n${mark(1)}\n\u001b[Htwo`, options)).toEqual(["one", mark(1), "live"]);
    expect(await renderLog(`\u001b[Hone${mark(1)}\ntwo\r\n`, options)).toEqual(["one", mark(1), "two"]);
    expect(await renderLog("\u001b[Hone", { ...options, readLast: async () => undefined })).toEqual(["one"]);
  });
});
