const INDENT = "  ";
const GAP = "  ";
/** The widest label that shares a line with its text. */
const MAX_LABEL = 26;

/** A row of citty: "  label    text", where any number of spaces may stand before the label. */
const ROW = /^ +(\S.*?) {4}(\S.*)$/;

/**
 * Fits a page of the help into so many columns. Labels are aligned at the left, and a long text goes on below its first line.
 * Colours stay.
 */
export function fitPage(page: string, columns: number): string {
  const lines = page.split("\n").map((line) => line.trimEnd());
  const fitted: string[] = [];
  for (let at = 0; at < lines.length;) {
    const rows = takeRows(lines, at);
    fitted.push(...(rows.length > 0 ? fitRows(rows, columns) : fitLine(lines[at]!, columns)));
    at += Math.max(1, rows.length);
  }
  return fitted.join("\n");
}

interface PageRow {
  readonly label: string;
  readonly text: string;
}

function takeRows(lines: readonly string[], from: number): PageRow[] {
  const rows: PageRow[] = [];
  for (const line of lines.slice(from)) {
    const [, label, text] = ROW.exec(line) ?? [];
    if (label === undefined || text === undefined) break;
    rows.push({ label, text });
  }
  return rows;
}

function fitRows(rows: readonly PageRow[], columns: number): string[] {
  const labelWidth = Math.max(0, ...rows.map(({ label }) => Bun.stringWidth(label)).filter((width) => width <= MAX_LABEL));
  const margin = " ".repeat(INDENT.length + labelWidth + GAP.length);
  return rows.flatMap(({ label, text }) => {
    const lines = wrap(text, columns - margin.length);
    const missing = labelWidth - Bun.stringWidth(label);
    if (missing < 0) return [`${INDENT}${label}`, ...lines.map((line) => `${margin}${line}`)];
    const [first, ...more] = lines;
    return [`${INDENT}${label}${" ".repeat(missing)}${GAP}${first}`, ...more.map((line) => `${margin}${line}`)];
  });
}

/** The words that a broken line goes on behind: "USAGE ", else the spaces at its beginning. */
const LINE = /^(.*?USAGE\S* | *)(.*)$/;

function fitLine(line: string, columns: number): string[] {
  if (Bun.stringWidth(line) <= columns) return [line];
  const [, head = "", text = ""] = LINE.exec(line) ?? [];
  const margin = Bun.stringWidth(head);
  const [first, ...more] = wrap(text, columns - margin);
  return [`${head}${first}`, ...more.map((one) => `${" ".repeat(margin)}${one}`)];
}

function wrap(text: string, columns: number): string[] {
  return Bun.wrapAnsi(text, columns).split("\n");
}
