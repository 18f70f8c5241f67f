import { expect, test } from "bun:test";
import { addCounts, parseJUnitReport, renderCounts } from "../../scripts/test/counts.ts";

const report = (attributes: string, inside = "") =>
  `<?xml version="1.0"?>\n<testsuites name="bun test" ${attributes}>${inside}</testsuites>\n`;

test("a report's totals are those of its root element, not of the suites inside", () => {
  const xml = report(
    'tests="7" assertions="9" failures="2" skipped="1" time="0.1"',
    '<testsuite tests="99" failures="98" skipped="97"></testsuite>',
  );
  expect(parseJUnitReport(xml)).toEqual({ passed: 4, failed: 2, skipped: 1 });
});

test.each([
  ["that is empty", ""],
  ["that was cut off", '<testsuites tests="7" failures="0" skipped="0"><testsuite'],
  ["without a count", report('tests="7" failures="0"')],
  ["that is no report", "<html></html>"],
])("a report %s has no totals", (_what, xml) => {
  expect(parseJUnitReport(xml)).toBeUndefined();
});

test("the last line of a run names what was skipped only where something was", () => {
  const two = { passed: 2, failed: 0, skipped: 0 };
  expect(renderCounts(two)).toBe("2 passed, 0 failed");
  expect(renderCounts(addCounts(two, { passed: 1, failed: 1, skipped: 3 }))).toBe("3 passed, 1 failed, 3 skipped");
});
