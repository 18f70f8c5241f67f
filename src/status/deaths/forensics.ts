import { readTrusted } from "../../core/disk/trust.ts";

/** What was gathered at a death. All of it may hold what an agent printed: tame it before a terminal sees it. */
export interface Forensics {
  /** Why the verdict is what it is. */
  readonly reasons: readonly string[];
  readonly sections: readonly ForensicsSection[];
  /** The whole file. */
  readonly text: string;
}

export interface ForensicsSection {
  readonly name: string;
  readonly text: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * Reads the forensics file of a death; undefined when there is none.
 *
 * @throws IapeerError `read-failed`: no regular file, more than 1 MiB, somebody else's or writable by others, not to be read.
 */
export function readForensics(path: string): Forensics | undefined {
  const bytes = readTrusted(path, { what: "the forensics", maxBytes: MAX_BYTES });
  return bytes === undefined ? undefined : parseForensics(bytes.toString("utf8"));
}

const REASON = "reason: ";

/** A head of "key: value" lines, then sections. What stands in a section is never taken for a reason. */
export function parseForensics(text: string): Forensics {
  const lines = text.split("\n");
  const first = lines.findIndex(isTitle);
  const head = first === -1 ? lines : lines.slice(0, first);
  const reasons = head.filter((line) => line.startsWith(REASON)).map((line) => line.slice(REASON.length));
  return { reasons, sections: first === -1 ? [] : parseSections(lines.slice(first)), text };
}

/** `== last lines ==` */
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
