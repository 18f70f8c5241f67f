import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { renderTable } from "../../src/cli/table.ts";

const RED = "\u001b[31mred\u001b[39m";

test("columns are aligned by their width on a screen, without blanks at the end", () => {
  const text = renderTable(
    [{ title: "A" }, { title: "B" }],
    [
      ["日本", "x"],
      ["👩‍👩‍👧", "y"],
      ["é", ""],
      [{ painted: RED }, "z"],
    ],
  );
  expect(text).toBe(`A     B\n日本  x\n👩‍👩‍👧    y\né\n${RED}   z`);
});

test("the second column begins at the same place in every row, whatever the first holds", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { minLength: 1, maxLength: 8 }), (cells) => {
      const lines = renderTable(
        [{ title: "A" }, { title: "B" }],
        cells.map((cell) => [cell, "|"]),
      ).split("\n");
      expect(lines).toHaveLength(cells.length + 1);
      const starts = lines.slice(1).map((line) => Bun.stringWidth(line.slice(0, line.lastIndexOf("|"))));
      expect(new Set(starts).size).toBe(1);
    }),
  );
});

describe("on a narrow terminal", () => {
  const columns = [{ title: "NAME" }, { title: "FOLDER", cuts: "start" }, { title: "TEXT", cuts: "end" }] as const;
  const row = ["alpha", "/home/somebody/src/alpha", "a description that is long"];

  test("what is wide enough is not cut", () => {
    expect(renderTable(columns, [row], { width: 60 })).toContain(row.join("  "));
    expect(renderTable(columns, [row])).toContain(row.join("  "));
  });

  test("the text is cut at its end first, then the folder at its start", () => {
    expect(renderTable(columns, [row], { width: 50 }).split("\n")[1]).toBe("alpha  /home/somebody/src/alpha  a description th…");
    expect(renderTable(columns, [row], { width: 35 }).split("\n")[1]).toBe("alpha  …ody/src/alpha  a descripti…");
  });

  test("no cell is cut below 12 columns", () => {
    expect(renderTable(columns, [row], { width: 1 }).split("\n")[1]).toBe("alpha  …y/src/alpha  a descripti…");
  });

  test("wide characters are cut between characters", () => {
    const [, line] = renderTable([{ title: "T", cuts: "end" }], [["日本語".repeat(10)]], { width: 20 }).split("\n");
    expect(line).toBe("日本語日本語日本語…");
  });

  test("no line is wider than the terminal where the cells can be cut enough", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 40, max: 120 }), (text, width) => {
        const lines = renderTable(columns, [["n", text, text]], { width }).split("\n");
        for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

test("cells are tamed, those that are painted excepted", () => {
  const text = renderTable([{ title: "A" }], [["\u001b[2J"], [{ painted: RED }]]);
  expect(text).toBe(`A\n?[2J\n${RED}`);
});
