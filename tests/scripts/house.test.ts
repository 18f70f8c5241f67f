import { describe, expect, test } from "bun:test";
import { dirname, join, relative, resolve } from "node:path";
import { whyNotImport } from "../../scripts/lint/house.mjs";

const SRC = resolve(import.meta.dir, "../../src");
const FILES = [...new Bun.Glob("**/*.{ts,js}").scanSync({ cwd: SRC })];

/** Folders that hold folders: a file that stands directly in one is a room of its own. */
const HALLS = new Set(FILES.map((file) => dirname(dirname(file))));

function roomOf(file: string): string {
  return HALLS.has(dirname(file)) ? file : dirname(file);
}

/** The rooms that each room imports, types too. */
async function readRooms(): Promise<Map<string, Set<string>>> {
  const rooms = new Map<string, Set<string>>();
  for (const file of FILES) {
    const text = await Bun.file(join(SRC, file)).text();
    const targets = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+\.(?:ts|js))"/g)].map(([, path]) =>
      relative(SRC, resolve(SRC, dirname(file), path!)),
    );
    const others = targets
      .filter((target) => !target.startsWith(".."))
      .map(roomOf)
      .filter((room) => room !== roomOf(file));
    rooms.set(roomOf(file), new Set([...(rooms.get(roomOf(file)) ?? []), ...others]));
  }
  return rooms;
}

/** A way from a room back to it; undefined when there is none. */
function findWayBack(rooms: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | undefined {
  const seen = new Set<string>();
  const walk = (way: readonly string[]): string[] | undefined => {
    for (const next of rooms.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk([...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk([start]);
}

test("no two rooms of src import each other, not even by way of others", async () => {
  const rooms = await readRooms();
  expect([...rooms.keys()].map((room) => findWayBack(rooms, room)).filter((way) => way !== undefined)).toEqual([]);
});

describe("a file of src may import", () => {
  test.each([
    ["a floor below, by its door", "launch/end/end.ts", "registry/registry.ts"],
    ["the types of a room", "fleet/ps/row.ts", "status/deaths/types.ts"],
    ["a file of its own room", "launch/send/pane.ts", "launch/send/lines.ts"],
    ["what stands above it in its own room", "fleet/file/check.ts", "fleet/types.ts"],
    ["a room that comes before its own", "launch/sleep/sleep.ts", "launch/send/send.ts"],
    ["a room of one file", "fleet/ps/ps.ts", "status/session-tail.ts"],
    ["any file of a shelf", "launch/end/end.ts", "core/process/signals.ts"],
  ])("%s", (_, from, to) => {
    expect(whyNotImport(from, to)).toBeUndefined();
  });
});

describe("a file of src may not import", () => {
  test.each([
    ["a floor above", "core/tmux.ts", "registry/registry.ts", "src/registry is above src/core"],
    ["a neighbour", "fleet/ps/ps.ts", "launch/send/send.ts", "src/fleet and src/launch are neighbours"],
    [
      "past a door",
      "app/send.ts",
      "launch/end/close-session.ts",
      "src/launch/end is entered by end.ts or types.ts, not by close-session.ts",
    ],
    [
      "a room that comes after its own",
      "launch/session/session.ts",
      "launch/end/end.ts",
      "in src/launch, end comes after session",
    ],
    [
      "a folder that nobody has placed",
      "launch/session/session.ts",
      "launch/attic/attic.ts",
      "src/launch/attic has no place in ORDER",
    ],
    ["a floor that nobody has placed", "attic/attic.ts", "core/tmux.ts", "src/attic has no place in FLOORS"],
  ])("%s", (_, from, to, why) => {
    expect(whyNotImport(from, to)).toStartWith(why);
  });
});

test("no two files of src export the same name", async () => {
  const files = await Promise.all(FILES.map(async (file) => ({ file, text: await Bun.file(join(SRC, file)).text() })));
  const exported = files.flatMap(({ file, text }) =>
    [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)].map(([, name]) => ({
      name: name!,
      file,
    })),
  );
  const filesOf = Map.groupBy(exported, ({ name }) => name);
  const twice = [...filesOf].map(([name, found]) => [name, [...new Set(found.map(({ file }) => file))]] as const);
  expect(twice.filter(([, found]) => found.length > 1)).toEqual([]);
});
