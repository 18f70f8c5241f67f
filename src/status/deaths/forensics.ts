import type { Forensics, ForensicsSection } from "./types.ts";

const REASON = "reason: ";

/** Parses a forensics file: a head of "key: value" lines, then sections. A line inside a section is never a reason. */
export function parseForensics(text: string): Forensics {
  const lines = text.split("\n");
  const first = lines.findIndex(isTitle);
  const head = first === -1 ? lines : lines.slice(0, first);
  const reasons = head.filter((line) => line.startsWith(REASON)).map((line) => line.slice(REASON.length));
  return { reasons, sections: first === -1 ? [] : parseSections(lines.slice(first)), text };
}

/** True for a line that begins a section: `== last lines ==`. */
function isTitle(line: string): boolean {
  return /^== \S.* ==$/.test(line);
}

function parseSections(lines: readonly string[]): ForensicsSection[] {
  const starts = lines.flatMap((line, index) => (isTitle(line) ? [index] : []));
  return starts.map((start, n) => ({
    name: lines[start]!.slice(3, -3),
    text: lines
      .slice(start + 1, starts[n + 1])
      .join("\n")
      .replace(/\n+$/, ""),
  }));
}
