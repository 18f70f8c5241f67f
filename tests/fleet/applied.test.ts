import type { AppliedFleet } from "../../src/model/agent.ts";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { readApplied, refuseOtherApplied, writeApplied } from "../../src/fleet/applied.ts";
import { errorOf, openScratch, type Scratch } from "../support/scratch.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
const agent = fc.record(
  {
    name: word,
    class: word,
    runtime: fc.stringMatching(/^[a-z][a-z0-9]{0,31}$/),
    modelHint: fc.string(),
    workingDirectory: fc.string(),
    isPersistent: fc.boolean(),
    remote: fc.record({ host: word, ssh: word, socket: word }, { requiredKeys: ["host", "ssh"] }),
  },
  { requiredKeys: ["name", "class", "runtime", "isPersistent"] },
);
const fleet = fc.record(
  { file: fc.string(), socketName: word, agents: fc.array(agent), left: fc.array(agent) },
  { requiredKeys: ["file", "agents", "left"] },
);

function layoutIn(scratch: Scratch) {
  return layoutFrom({ IAPEER_ROOT: scratch.at("root"), IAPEER_TEST_SANDBOX: "1" });
}

describe("the fleet as it was last applied", () => {
  test("reads as it was written", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    fc.assert(
      fc.property(fleet, (one) => {
        writeApplied(layout, one);
        expect(readApplied(layout)).toEqual({ ...one, revision: expect.any(Number) as number });
      }),
    );
  });

  test("stays untouched when it says so already, and is written anew over what does not read", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    const one: AppliedFleet = { file: "/f", agents: [], left: [] };
    expect(readApplied(layout)).toBeUndefined();
    writeApplied(layout, one);
    const { ino } = statSync(layout.appliedFleet);
    writeApplied(layout, one);
    expect(statSync(layout.appliedFleet).ino).toBe(ino);
    writeFileSync(layout.appliedFleet, "{");
    writeApplied(layout, one);
    expect(readApplied(layout)).toEqual({ ...one, revision: 1 });
  });

  test("has a revision, which grows with each change and is 0 in a file without one", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    mkdirSync(dirname(layout.appliedFleet), { recursive: true });
    writeFileSync(layout.appliedFleet, '{"version":1,"file":"/f","agents":[],"left":[]}', { mode: 0o600 });
    const before = readApplied(layout);
    expect(() => refuseOtherApplied(before, 0)).not.toThrow();
    const after = [{ file: "/f" }, { file: "/g" }, { file: "/g" }, { file: "/h", revision: 7 }].map(
      (more) => writeApplied(layout, { agents: [], left: [], ...more }).revision,
    );
    expect(after).toEqual([0, 1, 1, 7]);
    const error = errorOf(() => refuseOtherApplied(readApplied(layout), 1));
    expect(error).toMatchObject({ code: "revision-conflict", details: { revision: 7, expected: 1 } });
  });

  test.each([
    "",
    "{}",
    "[]",
    '{"version":2,"file":"/f","agents":[],"left":[]}',
    '{"version":1,"file":"/f","agents":[]}',
    '{"version":1,"file":"/f","agents":[{"name":"a"}],"left":[]}',
    '{"version":1,"version":1}',
  ])("is not guessed from %j", (text) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    mkdirSync(dirname(layout.appliedFleet), { recursive: true });
    writeFileSync(layout.appliedFleet, text, { mode: 0o600 });
    const error = errorOf(() => readApplied(layout));
    expect(error).toMatchObject({ code: "fleet-state-corrupt", details: { path: layout.appliedFleet } });
    expect(error.message).toContain(`cannot be read: ${layout.appliedFleet}: `);
  });
});
