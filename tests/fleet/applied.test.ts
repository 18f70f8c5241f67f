import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AppliedFleet, parseApplied, renderApplied } from "../../src/fleet/applied.ts";

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

describe("the fleet as it was last applied", () => {
  test("reads as it was written", () => {
    fc.assert(
      fc.property(fleet, (one) => {
        expect(parseApplied(Buffer.from(renderApplied(one as AppliedFleet)), "/fleet.json")).toEqual(one as AppliedFleet);
      }),
    );
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
    expect(() => parseApplied(Buffer.from(text), "/fleet.json")).toThrow(/cannot be read: \/fleet\.json/);
  });
});
