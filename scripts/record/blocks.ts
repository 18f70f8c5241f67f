/**
 * A fenced block of a page that is run. `sh` is typed as it stands. `console` holds lines with `$ ` and what they print.
 * `console demo ACT` is what `npm run demo -- ACT` prints. No other block is run.
 */
export type Block = (TypedBlock | { readonly kind: "demo"; readonly act: string }) & {
  /** The first line of its content, counted from 0. */
  readonly from: number;
  readonly lines: readonly string[];
};

type TypedBlock = { readonly kind: "sh" | "console" };

/** The blocks of a page that are run, in the order of the page. */
export function parseBlocks(page: string): Block[] {
  const lines = page.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const info = /^```(.+)$/.exec(lines[at]!)?.[1];
    if (info === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    const kind = parseKind(info);
    if (kind !== undefined) blocks.push({ ...kind, from: at + 1, lines: lines.slice(at + 1, end) });
    at = end;
  }
  return blocks;
}

function parseKind(info: string): TypedBlock | { readonly kind: "demo"; readonly act: string } | undefined {
  if (info === "sh" || info === "console") return { kind: info };
  const act = /^console demo (\w+)$/.exec(info)?.[1];
  return act === undefined ? undefined : { kind: "demo", act };
}

/** The lines of a console block that are typed. */
export function parseTyped({ lines }: Block): string[] {
  return lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
}

/**
 * A bash script that types a page, from top to bottom in one shell, and writes what the nth console line prints to `<folder>/<n>`.
 * In `sh` blocks every line must exit with 0, or with N where it ends in `# exit N`. The first that does not ends the script.
 */
export function renderScript(blocks: readonly Block[], folder: string): string {
  let count = 0;
  const parts = blocks.map((block) => {
    if (block.kind === "demo") return "";
    if (block.kind === "sh") return ["set -e", ...block.lines.map(expectExit)].join("\n");
    return ["set +e", ...parseTyped(block).map((line) => recordLine(line, `${folder}/${count++}`))].join("\n");
  });
  return parts.join("\n");
}

function expectExit(line: string): string {
  const [, typed, wanted] = /^(.*?)\s+# exit (\d+)$/.exec(line) ?? [];
  if (typed === undefined) return line;
  return `status=0; ${typed} || status=$?; [ $status = ${wanted} ] || { echo "exit $status, not ${wanted}: "${quote(typed)} >&2; exit 99; }`;
}

function recordLine(line: string, file: string): string {
  return `{ ${line}\n} > '${file}' 2>&1; status=$?; [ $status = 0 ] || echo "(exit $status)" >> '${file}'`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
