/** How a step ended, in tests. A check counts as one test. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };
export const PASSED: Counts = { passed: 1, failed: 0, skipped: 0 };
export const FAILED: Counts = { passed: 0, failed: 1, skipped: 0 };
export const SKIPPED: Counts = { passed: 0, failed: 0, skipped: 1 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** `12 passed, 0 failed`, and `, 3 skipped` where any were. */
export function renderCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * The totals of a JUnit report, by the attributes of its root element; undefined when the text is not a whole report.
 * A test that is marked as `todo` counts as skipped.
 */
export function parseJUnitReport(xml: string): Counts | undefined {
  const root = /<testsuites\b([^>]*)>/.exec(xml)?.[1];
  if (root === undefined || !xml.trimEnd().endsWith("</testsuites>")) return undefined;
  const [tests, failed, skipped] = ["tests", "failures", "skipped"].map((name) => readAttribute(root, name));
  if (tests === undefined || failed === undefined || skipped === undefined) return undefined;
  return { passed: tests - failed - skipped, failed, skipped };
}

function readAttribute(attributes: string, name: string): number | undefined {
  const value = new RegExp(`\\b${name}="(\\d+)"`).exec(attributes)?.[1];
  return value === undefined ? undefined : Number(value);
}
