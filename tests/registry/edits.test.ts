import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { renderCard } from "../../src/registry/cards.ts";
import {
  differingFields,
  findRow,
  planRegistration,
  requireRow,
  updateRow,
  withoutRow,
  withRow,
} from "../../src/registry/edits.ts";
import { type Card, checkRegistry, type RegistryFile, type RegistryRow, toPeer } from "../../src/registry/schema.ts";
import type { UpdateRequest } from "../../src/registry/types.ts";
import { errorOf } from "../support/scratch.ts";

const RUNTIMES = ["claude", "codex", "telegram", "other"] as const;
const KNOWN = new Set([
  "personality",
  "default_runtime",
  "runtime",
  "last_active_runtime",
  "runtimes",
  "description",
  "intelligence",
  "cwd",
  "removing",
  "manager",
  "removed",
  "interfaces",
  "version",
  "revision",
  "peers",
  "__proto__",
]);

const unknownFields = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }).filter((key) => !KNOWN.has(key)),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 4, noNullPrototype: true },
);
const personality = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const runtime = fc.constantFrom(...RUNTIMES);
const runtimes = fc.uniqueArray(runtime, { minLength: 1, maxLength: 3 });

const fields = fc.record(
  {
    default_runtime: runtime,
    runtimes,
    description: fc.string({ maxLength: 20 }),
    intelligence: fc.constantFrom("artificial", "natural", "absent"),
    interfaces: fc.dictionary(fc.constantFrom("voice", "mail"), fc.jsonValue({ maxDepth: 1 }), { noNullPrototype: true }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const row = fc
  .tuple(unknownFields, fields, personality)
  .map(([unknown, known, name]): RegistryRow => ({ ...unknown, ...known, personality: name, cwd: `/peers/${name}` }));

const registry = fc
  .tuple(unknownFields, fc.uniqueArray(row, { selector: ({ personality: name }) => name, maxLength: 6 }), fc.nat(99))
  .map(([unknown, peers, revision]): RegistryFile => ({ ...unknown, version: 2, revision, peers }));

/** A registry, and a name that is in it as often as not. */
const registryAndName = registry.chain((all) =>
  fc.tuple(fc.constant(all), fc.oneof(personality, ...all.peers.map((one) => fc.constant(one.personality)))),
);

const request = fc.record(
  { runtimes, description: fc.string({ maxLength: 20 }), intelligence: fc.constantFrom("artificial", "natural", "absent") },
  { requiredKeys: [], noNullPrototype: true },
);

const unknownOf = (value: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !KNOWN.has(key)));
const othersThan = (name: string, { peers }: RegistryFile) => peers.filter((one) => one.personality !== name);

describe("on any registry", () => {
  test("add keeps unknown fields at both levels, leaves the other rows alone, and comes out valid", () => {
    fc.assert(
      fc.property(registryAndName, request, ([before, name], asked) => {
        const old = findRow(before, name);
        const plan = planRegistration(old, { personality: name, cwd: `/peers/${name}`, ...asked }, undefined);
        const after = withRow(before, plan.row);
        expect(checkRegistry(after).ok).toBe(true);
        expect(unknownOf(after)).toEqual(unknownOf(before));
        expect(unknownOf(plan.row)).toEqual(unknownOf(old ?? {}));
        expect(othersThan(name, after)).toEqual(othersThan(name, before));
        expect(after.peers.filter((one) => one.personality === name)).toEqual([plan.row]);
        expect(plan.action === "added").toBe(old === undefined);
      }),
    );
  });

  test("the same add a second time changes nothing and has no new runtime", () => {
    fc.assert(
      fc.property(registryAndName, request, ([before, name], asked) => {
        const whole = { personality: name, cwd: `/peers/${name}`, ...asked };
        const first = planRegistration(findRow(before, name), whole, undefined);
        const second = planRegistration(first.row, whole, undefined);
        expect(second).toMatchObject({ action: "unchanged", newRuntimes: [] });
        expect(second.row).toBe(first.row);
      }),
    );
  });

  test("add unites the runtimes: none is lost, and each new one is told once", () => {
    fc.assert(
      fc.property(registryAndName, request, ([before, name], asked) => {
        const old = findRow(before, name);
        const had = old === undefined ? [] : toPeer(old).runtimes;
        const plan = planRegistration(old, { personality: name, cwd: `/peers/${name}`, ...asked }, undefined);
        const has = toPeer(plan.row).runtimes;
        expect(has).toEqual([...new Set(has)]);
        expect(has).toEqual(expect.arrayContaining([...had, ...(asked.runtimes ?? [])]));
        expect(plan.newRuntimes).toEqual(has.filter((one) => !had.includes(one)));
      }),
    );
  });

  test("update keeps unknown fields and the folder, and never leaves a peer without its default runtime", () => {
    const update = fc.record(
      { description: fc.string({ maxLength: 9 }), addRuntimes: runtimes, removeRuntimes: runtimes, defaultRuntime: runtime },
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(row, update, (before, asked) => {
        const copy = structuredClone(before);
        let next: RegistryRow;
        try {
          next = updateRow(before, asked);
        } catch (error) {
          expect(["invalid-value", "runtime-not-found"]).toContain((error as { code: string }).code);
          return;
        } finally {
          expect(before).toEqual(copy);
        }
        expect(unknownOf(next)).toEqual(unknownOf(before));
        expect(next.cwd).toBe(before.cwd);
        const peer = toPeer(next);
        expect(peer.runtimes).toContain(peer.defaultRuntime);
        for (const gone of asked.removeRuntimes ?? []) expect(peer.runtimes).not.toContain(gone);
        for (const come of asked.addRuntimes ?? [])
          if (!asked.removeRuntimes?.includes(come)) expect(peer.runtimes).toContain(come);
      }),
    );
  });

  test("a row that is taken out takes nothing with it", () => {
    fc.assert(
      fc.property(registryAndName, ([before, name]) => {
        const after = withoutRow(before, name);
        expect(findRow(after, name)).toBeUndefined();
        expect({ ...after, peers: [] }).toEqual({ ...before, peers: [] });
        expect(after.peers).toEqual(othersThan(name, before));
        if (findRow(before, name) === undefined) expect(after).toBe(before);
      }),
    );
  });

  test("a row that is put in its own place changes nothing but the order", () => {
    fc.assert(
      fc.property(registry, (before) => {
        for (const one of before.peers) expect(new Set(withRow(before, one).peers)).toEqual(new Set(before.peers));
      }),
    );
  });
});

describe("add, merging:", () => {
  const CURRENT: RegistryRow = {
    personality: "a",
    cwd: "/a",
    default_runtime: "codex",
    runtimes: ["codex"],
    description: "old",
    intelligence: "artificial",
    interfaces: {},
    x: 1,
  };
  const CARD: Card = {
    personality: "a",
    default_runtime: "codex",
    runtimes: ["codex", "claude"],
    description: "card",
    removed: "2026-01-01T00:00:00.000Z",
    y: 2,
  };

  test.each<[string, RegistryRow | undefined, Card | undefined, object, string, object, readonly string[]]>([
    [
      "nothing known, nothing given: the defaults",
      undefined,
      undefined,
      {},
      "added",
      { default_runtime: "claude", runtimes: ["claude"], description: "", intelligence: "artificial" },
      ["claude"],
    ],
    [
      "the first runtime given is the default",
      undefined,
      undefined,
      { runtimes: ["codex", "claude"] },
      "added",
      { default_runtime: "codex", runtimes: ["codex", "claude"] },
      ["codex", "claude"],
    ],
    [
      "a person behind a messenger is natural",
      undefined,
      undefined,
      { runtimes: ["telegram"] },
      "added",
      { intelligence: "natural" },
      ["telegram"],
    ],
    ["nothing given: unchanged", CURRENT, undefined, {}, "unchanged", CURRENT, []],
    ["the same given: unchanged", CURRENT, undefined, { runtimes: ["codex"], description: "old" }, "unchanged", CURRENT, []],
    [
      "what is given wins, the rest is inherited",
      CURRENT,
      undefined,
      { description: "new" },
      "merged",
      { ...CURRENT, description: "new" },
      [],
    ],
    ["an empty description is given too", CURRENT, undefined, { description: "" }, "merged", { ...CURRENT, description: "" }, []],
    [
      "runtimes are united, the default stays",
      CURRENT,
      undefined,
      { runtimes: ["claude", "codex"] },
      "merged",
      { default_runtime: "codex", runtimes: ["codex", "claude"] },
      ["claude"],
    ],
    [
      "no row but a card: inherited from the card, without its mark of removal",
      undefined,
      CARD,
      {},
      "added",
      { default_runtime: "codex", runtimes: ["codex", "claude"], description: "card", y: 2 },
      ["codex", "claude"],
    ],
    [
      "row and card: the card is right, and the row has what it does not say",
      CURRENT,
      CARD,
      {},
      "merged",
      { description: "card", runtimes: ["codex", "claude"], x: 1, y: 2 },
      ["claude"],
    ],
    [
      "an older row's runtime is its default",
      { personality: "a", cwd: "/a", runtime: "codex" },
      undefined,
      { runtimes: ["claude"] },
      "merged",
      { default_runtime: "codex", runtimes: ["codex", "claude"] },
      ["claude"],
    ],
  ])("%s", (_, current, card, asked, action, expected, newRuntimes) => {
    const before = structuredClone(current);
    const plan = planRegistration(current, { personality: "a", cwd: "/a", ...asked }, card);
    expect(plan.action as string).toBe(action);
    expect(plan.row).toMatchObject(expected);
    expect(plan.newRuntimes).toEqual(newRuntimes);
    expect(plan.row).not.toHaveProperty("removed");
    expect(current).toEqual(before);
  });
});

describe("update", () => {
  const ROW: RegistryRow = {
    personality: "a",
    cwd: "/a",
    default_runtime: "claude",
    runtimes: ["claude", "codex"],
    description: "d",
    intelligence: "artificial",
  };

  test.each<[string, UpdateRequest, Partial<RegistryRow>]>([
    ["changes what is given", { description: "new" }, { description: "new", runtimes: ["claude", "codex"] }],
    ["adds at the end", { addRuntimes: ["other", "codex"] }, { runtimes: ["claude", "codex", "other"] }],
    [
      "swaps the default in one call",
      { removeRuntimes: ["claude"], defaultRuntime: "codex" },
      { default_runtime: "codex", runtimes: ["codex"] },
    ],
    [
      "replaces every runtime in one call",
      { removeRuntimes: ["claude", "codex"], addRuntimes: ["other"], defaultRuntime: "other" },
      { default_runtime: "other", runtimes: ["other"] },
    ],
    ["changes the intelligence", { intelligence: "absent" }, { intelligence: "absent" }],
  ])("%s", (_, asked, expected) => {
    expect(updateRow(ROW, asked)).toMatchObject(expected);
  });

  test.each<UpdateRequest>([{}, { description: "d" }, { addRuntimes: ["codex"] }, { defaultRuntime: "claude" }])(
    "%j is no change: the very same row",
    (asked) => {
      expect(updateRow(ROW, asked)).toBe(ROW);
    },
  );

  test.each<[UpdateRequest, string]>([
    [{ removeRuntimes: ["claude"] }, "invalid-value"],
    [{ removeRuntimes: ["claude", "codex"] }, "invalid-value"],
    [{ removeRuntimes: ["other"] }, "runtime-not-found"],
    [{ defaultRuntime: "other" }, "invalid-value"],
  ])("%j is refused with %s and a hint", (asked, code) => {
    const error = errorOf(() => updateRow(ROW, asked));
    expect(error.code as string).toBe(code);
    expect(error.hint).toBeDefined();
  });

  test("a missing peer is told with the nearest name", () => {
    const error = errorOf(() => requireRow({ version: 2, revision: 0, peers: [{ ...ROW, personality: "alpha" }] }, "alhpa"));
    expect(error).toMatchObject({ code: "peer-not-found", hint: "did you mean alpha?" });
  });
});

describe("a manager is one by the registry alone:", () => {
  const peer: RegistryRow = { personality: "a", cwd: "/a", default_runtime: "claude", runtimes: ["claude"] };
  const card: Card = { personality: "a", default_runtime: "claude", runtimes: ["claude"], manager: true };

  test("an update makes it one, and takes that back", () => {
    const made = updateRow(peer, { isManager: true });
    expect(toPeer(made).isManager).toBe(true);
    expect(updateRow(made, { isManager: true })).toBe(made);
    expect(updateRow(made, { isManager: false })).not.toHaveProperty("manager");
  });

  test("a card that says so makes nobody one", () => {
    expect(differingFields(peer, card)).toEqual([]);
    expect(planRegistration(undefined, { personality: "a", cwd: "/a" }, card).row).not.toHaveProperty("manager");
    expect(planRegistration(peer, { personality: "a", cwd: "/a", description: "d" }, card).row).not.toHaveProperty("manager");
  });

  test("a peer that is added again stays one, and its card does not say so", () => {
    const made = updateRow(peer, { isManager: true });
    expect(planRegistration(made, { personality: "a", cwd: "/a", description: "d" }, undefined).row.manager).toBe(true);
    expect(renderCard(made, card)).not.toHaveProperty("manager");
  });
});
