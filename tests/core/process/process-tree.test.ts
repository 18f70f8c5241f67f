import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { ProcessInfo } from "../../../src/core/process/process-table.ts";
import { findMembers, keyOf } from "../../../src/core/process/process-tree.ts";

const TOKEN = 77n;
const LEADER = { pid: 100, start: "1000" };
const ROOT = process.pid;

/** A row of the table; by default a stranger. */
function row(pid: number, more: Partial<ProcessInfo> = {}): ProcessInfo {
  return { pid, start: "2000", ppid: 1, pgid: pid, sid: pid, isZombie: false, ...more };
}

const leader = row(100, { ...LEADER, ppid: ROOT });
const ourself = row(ROOT, { start: "5" });
const init = row(1, { start: "1", ppid: 0 });
const STRANGERS = [
  init,
  ourself,
  row(90, { start: "900", ppid: ROOT }),
  row(91, { ppid: ROOT }),
  row(92, { ppid: 90, pgid: 90, sid: 90 }),
];

function members(
  table: readonly ProcessInfo[],
  tokens: Record<number, bigint> = {},
  seen: readonly ProcessInfo[] = [],
): number[] {
  const tree = { leader: LEADER, token: TOKEN, seen: new Set(seen.map(keyOf)) };
  return findMembers(table, tree, (pid) => tokens[pid])
    .map(({ pid }) => pid)
    .toSorted((a, b) => a - b);
}

test.each<[string, readonly ProcessInfo[], Record<number, bigint>, number[]]>([
  ["the leader alone", [leader], {}, [100]],
  ["a child", [leader, row(101, { ppid: 100, pgid: 100, sid: 100 })], {}, [100, 101]],
  ["a child in a session of its own", [leader, row(101, { ppid: 100 })], {}, [100, 101]],
  ["a grandchild before its parent in the table", [row(50, { ppid: 102 }), row(102, { ppid: 100 }), leader], {}, [50, 100, 102]],
  ["an orphan in the leader's group", [leader, row(101, { ppid: 1, pgid: 100, sid: 100 })], {}, [100, 101]],
  ["an orphan in another group of the leader's session", [leader, row(101, { ppid: ROOT, sid: 100 })], {}, [100, 101]],
  ["an orphan in a session of its own, by its token", [leader, row(101, { ppid: ROOT })], { 101: TOKEN }, [100, 101]],
  [
    "the child of such an orphan, whatever its own token",
    [leader, row(101), row(102, { ppid: 101 })],
    { 101: TOKEN, 102: 5n },
    [100, 101, 102],
  ],
  ["a group whose leader is gone", [row(101, { ppid: 1, pgid: 100, sid: 100 })], {}, [101]],
  ["a zombie", [row(100, { ...LEADER, ppid: ROOT, isZombie: true })], {}, [100]],
  ["an orphan that carries another run's token", [leader, row(101, { ppid: ROOT })], { 101: TOKEN + 1n }, [100]],
  ["one with our token that is older than the leader", [leader, row(101, { start: "999" })], { 101: TOKEN }, [100]],
  ["one that started in the same tick as the leader", [leader, row(101, { start: "1000" })], { 101: TOKEN }, [100, 101]],
  ["nobody", [], {}, []],
])("a tree of %s", (_, table, tokens, expected) => expect(members([...STRANGERS, ...table], tokens)).toEqual(expected));

describe("when the leader's pid belongs to somebody else by now", () => {
  const stranger = row(100, { start: "3000", ppid: 1, pgid: 100, sid: 100 });

  test("neither he nor his group, session and children are members", () => {
    expect(members([...STRANGERS, stranger, row(101, { ppid: 100 }), row(102, { pgid: 100, sid: 100 })])).toEqual([]);
  });

  test("those that carry the token still are", () => {
    expect(members([...STRANGERS, stranger, row(101, { ppid: ROOT })], { 101: TOKEN })).toEqual([101]);
  });
});

describe("who was seen in the tree before", () => {
  const seen = row(101);

  test("is a member still, with what it has started since, without a token, group or parent of ours", () => {
    expect(members([...STRANGERS, seen, row(102, { ppid: 101 })], {}, [seen])).toEqual([101, 102]);
  });

  test("is not mistaken for a stranger with the same pid", () => {
    expect(members([...STRANGERS, row(101, { start: "2001" })], {}, [seen])).toEqual([]);
  });
});

test.each([0, 1, -1, Number.NaN])("a leader with the number %p has no session: those of session 0 are half the host", (pid) => {
  const table = [...STRANGERS, row(101, { pgid: 0, sid: 0 }), row(102, { pgid: pid, sid: pid })];
  expect(findMembers(table, { leader: { pid, start: "1" }, token: TOKEN }, () => undefined)).toEqual([]);
});

test("a leader that nobody saw start leaves the token to go by", () => {
  const tree = { leader: { pid: 100, start: "gone" }, token: TOKEN };
  const table = [...STRANGERS, row(100, { start: "3000" }), row(101)];
  expect(findMembers(table, tree, (pid) => (pid === 101 ? TOKEN : undefined)).map(({ pid }) => pid)).toEqual([101]);
});

test("where there is no session to be read, the group and the parents do", () => {
  const table = [...STRANGERS, leader, row(101, { pgid: 100 }), row(102, { ppid: 101 }), row(103)].map((info) => ({
    ...info,
    sid: undefined,
  }));
  expect(members(table)).toEqual([100, 101, 102]);
});

test("this process is never a member, and no stranger ever is", () => {
  const pid = fc.integer({ min: 2, max: 12 }).map((n) => (n === 12 ? ROOT : n * 10));
  const info = fc.record({
    pid,
    start: fc.constantFrom("900", "1000", "2000"),
    ppid: pid,
    pgid: pid,
    sid: pid,
    isZombie: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(info, { selector: (one) => one.pid }), fc.uniqueArray(pid), (table, carriers) => {
      const found = new Set(members(table, Object.fromEntries(carriers.map((carrier) => [carrier, TOKEN]))));
      expect(found.has(ROOT)).toBe(false);
      const isReused = table.some((one) => one.pid === 100 && one.start !== LEADER.start);
      for (const one of table.filter((candidate) => found.has(candidate.pid))) {
        const isGrouped = !isReused && (one.pgid === 100 || one.sid === 100);
        const isMarked = carriers.includes(one.pid) && Number(one.start) >= 1000;
        expect(isGrouped || isMarked || (found.has(one.ppid) && one.ppid !== ROOT)).toBe(true);
      }
    }),
  );
});
