import { describe, expect, test } from "bun:test";
import { type Act, ACTS, allowedTo, mayAct, type Standing, STANDINGS } from "../../src/model/authority.ts";

const acts = Object.keys(ACTS) as Act[];
const may = (act: Act, ...standings: Standing[]) => mayAct(act, new Set(standings));

describe("the table of acts", () => {
  test.each(acts)("%s: a caller that stands in no way may not", (act) => {
    expect(may(act)).toBe(false);
  });

  test.each(acts.flatMap((act) => STANDINGS.map((standing) => [act, standing] as const)))(
    "%s: %s alone may where it is named as one that may",
    (act, standing) => {
      const isBarred = standing === "itself" && ["remove", "fleet remove", "send --directive"].includes(act);
      expect(may(act, standing)).toBe(!isBarred && allowedTo(act).includes(standing));
    },
  );

  test.each(acts.filter((act) => act !== "retire"))("%s: a person may, whatever the target", (act) => {
    expect(may(act, "person")).toBe(true);
  });

  test.each([
    ["stop", ["manager", "itself"], true],
    ["stop", ["orchestrator", "itself"], false],
    ["stop", ["orchestrator"], true],
    ["update", ["manager", "itself"], true],
    ["remove", ["manager", "itself"], false],
    ["remove", ["person", "itself"], false],
    ["send --directive", ["orchestrator", "itself"], false],
    ["update --manager", ["manager", "itself"], false],
    ["retire", ["orchestrator", "itself"], true],
    ["retire", ["person"], false],
  ] as const)("%s as %p: %p", (act, standings, expected) => {
    expect(may(act, ...standings)).toBe(expected);
  });
});
