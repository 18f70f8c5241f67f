import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { cardPath } from "../../src/core/layout.ts";
import { readCard, restoreCard, writeCard } from "../../src/registry/cards.ts";
import { markCardRemoved } from "../../src/registry/put-card.ts";
import type { RegistryRow } from "../../src/registry/schema.ts";
import { errorOf, openScratch, type Scratch } from "../support/scratch.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const rowIn = ({ path }: Scratch): RegistryRow => ({
  personality: "a",
  cwd: path,
  default_runtime: "claude",
  runtimes: ["claude"],
  description: "d",
  removing: "now",
});

function write(row: RegistryRow): void {
  writeCard(row, cardPath(row.cwd), readCard(row.cwd));
}

function plant({ path }: Scratch, text: string): string {
  const card = cardPath(path);
  mkdirSync(dirname(card), { recursive: true });
  writeFileSync(card, text, { mode: 0o600 });
  return card;
}

describe("a card that is written", () => {
  test("is private, and says what the row says but the folder and the removal", () => {
    using scratch = openScratch();
    write(rowIn(scratch));
    expect(readCard(scratch.path)).toEqual({
      personality: "a",
      default_runtime: "claude",
      runtimes: ["claude"],
      description: "d",
    });
    expect(statSync(cardPath(scratch.path)).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(cardPath(scratch.path))).mode & 0o777).toBe(0o700);
  });

  test("keeps what the old one said beyond, big numbers included, but not that its peer was removed", () => {
    using scratch = openScratch();
    const path = plant(scratch, '{"personality": "a", "big": 12345678901234567890, "removed": "2026-01-01"}');
    write(rowIn(scratch));
    expect(readFileSync(path, "utf8")).toContain('"big": 12345678901234567890');
    expect(readCard(scratch.path)).not.toHaveProperty("removed");
  });

  test("a second time is not touched", () => {
    using scratch = openScratch();
    write(rowIn(scratch));
    const { ino } = statSync(cardPath(scratch.path));
    write(rowIn(scratch));
    expect(statSync(cardPath(scratch.path)).ino).toBe(ino);
  });
});

describe("a card that cannot be trusted stops everything, with its path, and stays:", () => {
  test.each<[string, string, number]>([
    ["empty", "", 0o600],
    ["cut off", '{"personality": "a"', 0o600],
    ["without a name", "{}", 0o600],
    ["with __proto__", '{"personality": "a", "__proto__": {"removed": "x"}}', 0o600],
    ["writable by others", '{"personality": "a"}', 0o666],
  ])("%s", (_, text, mode) => {
    using scratch = openScratch();
    const path = plant(scratch, text);
    chmodSync(path, mode);
    for (const error of [errorOf(() => readCard(scratch.path)), errorOf(() => write(rowIn(scratch)))]) {
      expect(error).toMatchObject({ code: "profile-corrupt", exitStatus: 5, details: { path } });
      expect(error.message).toContain(path);
    }
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});

describe("the mark of a removal", () => {
  test("is added to what the card says", () => {
    using scratch = openScratch();
    plant(scratch, '{"personality": "a", "x": 1}');
    markCardRemoved({ personality: "a", cwd: scratch.path }, NOW);
    expect(readCard(scratch.path)).toEqual({ personality: "a", x: 1, removed: NOW.toISOString() });
  });

  test.each<[string, (scratch: Scratch) => void]>([
    ["a card", () => undefined],
    ["a card that can be read", (scratch) => plant(scratch, "{")],
    [
      "a card of its own, but a link",
      (scratch) => {
        mkdirSync(dirname(cardPath(scratch.path)));
        symlinkSync("nowhere", cardPath(scratch.path));
      },
    ],
  ])("is left out where there is not %s", (_, make) => {
    using scratch = openScratch();
    make(scratch);
    const path = cardPath(scratch.path);
    const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    markCardRemoved({ personality: "a", cwd: scratch.path }, NOW);
    expect(existsSync(path) ? readFileSync(path, "utf8") : undefined).toBe(before);
  });

  test("does not make a folder that is gone", () => {
    using scratch = openScratch();
    markCardRemoved({ personality: "a", cwd: scratch.at("gone") }, NOW);
    expect(existsSync(scratch.at("gone"))).toBe(false);
  });
});

test("putting back what stood there: a card as it was, or none", () => {
  using scratch = openScratch();
  plant(scratch, '{"personality": "a", "x": 1}');
  const before = readCard(scratch.path);
  write(rowIn(scratch));
  restoreCard(cardPath(scratch.path), before);
  expect(readCard(scratch.path)).toEqual(before);
  restoreCard(cardPath(scratch.path), undefined);
  expect(readCard(scratch.path)).toBeUndefined();
});
