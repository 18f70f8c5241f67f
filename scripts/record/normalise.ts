import { hostname } from "node:os";

/** The home of a page's reader. It is as long as the name of a temporary folder, so that tables stay aligned. */
const READERS_HOME = "/home/somebody";
const DEMO_FOLDER = "/tmp/iapeer-demo-x1y2z3";
const SERVER_PID = "24242";

/** The texts that differ in each run of any page, and what the page shows instead. */
const ANYWHERE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-01-02T03:04:05.678Z"],
  [/\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z/g, "2026-01-02T030405.678Z"],
  [/(?<=-)\d{8}T\d{9}Z(?=\.txt)/g, "20260102T030405678Z"],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "01234567-89ab-4cde-8f01-23456789abcd"],
  [/(?<= (?:dis|en)able-linger )\d+/g, "1000"],
  [/(?<key>"durationMs": ?|\bms=)\d+/g, "$<key>12"],
  [/\b\d+ s ago/g, "3 s ago"],
  [/(?<=\bby=person:)[^\s"]+/g, "somebody"],
  [/(?<=\[)(?!HOST:)[^\s:[]+(?=:[\w.-]+ -> [^\s:]+:[a-z0-9-]+\])/g, "mill"],
  [/(?<= -> )[^\s:]+(?=:[a-z0-9-]+\])/g, "mill"],
  [new RegExp(`(?<=on the host |Your address is \\[|"host": "|"address": ")${hostname().split(".", 1)[0]}\\b`, "g"), "mill"],
  [/(?<key>"bytes": ?)\d+/g, "$<key>56"],
  [/(?<key>"(?:heartbeat_)?age_secs": ?)\d+/g, "$<key>3"],
  [/"tenant": "(?!me")[^"]*"/g, '"tenant": "somebody"'],
  // A table of fleet ps: the ages of a heartbeat and of a session.
  [/(?<=^[a-z].* (?:healthy|silent) +(?:never|\d+ s) +)\d+ s\b/gm, "3 s"],
  [/(?<=^[a-z].* (?:healthy|silent|down|down \(stopped\)) +)\d+ s\b/gm, "3 s"],
  [/(?<key>"lived_secs": ?|\blived_secs=)\d{1,2}\b/g, "$<key>2"],
  [/(?<=, after )\d+(?= s$)/gm, "2"],
  [/(?<key>"server_pid": ?|\bserver_pid=|\bserver \(pid |\bkill -9 )\d+/g, `$<key>${SERVER_PID}`],
  [/(?<identity>^[a-z][a-z0-9]*-[a-z][a-z0-9-]* +)\d+(?= +(?:not )?armed)/gm, `$<identity>${SERVER_PID}`],
  [/(?<key>"recorder_pid": ?|\brecorder_pid=|\b(?:parent|client), pid |\bits recorder \(pid )\d+/g, "$<key>24241"],
  [/(?<key>"pane_pid": ?|\bpane_pid=|(?:^launched [a-z0-9-]+| is live already) \(pid )\d+/gm, "$<key>24243"],
  [/(?<key>; see: iapeer deaths show |^hint: see: iapeer deaths show )[0-9a-f]{8}/gm, "$<key>3f2a91c0"],
];

/** The texts that differ in the demo as well: its only death. */
const IN_DEMO: readonly (readonly [RegExp, string])[] = [
  [/(\/private)?\/tmp\/iapeer-demo-\w{6}/g, DEMO_FOLDER],
  [/(?<=^\$ iapeer deaths show )[0-9a-f]{4}/gm, "3f2a"],
  [/(?<key>^id: +|^2026-.* )[0-9a-f]{8}$/gm, "$<key>3f2a91c0"],
  [/(?<=\[mill:)[^\s\]]+(?= -> mill:alice\])/g, "somebody"],
];

/** The output of a page's commands with the paths, times and numbers of its reader, instead of those of this run. */
export function normalise(text: string, home: string): string {
  return realign(replaceAll(text.replaceAll(home, READERS_HOME), ANYWHERE));
}

/** The same for the output of the demo. */
export function normaliseDemo(text: string): string {
  return realign(replaceAll(replaceAll(text, ANYWHERE), IN_DEMO));
}

/** Aligns tables again after the replacements. A table with an empty cell stays as it is. */
function realign(text: string): string {
  const lines = text.split("\n");
  for (let first = 0; first < lines.length; first += 1) {
    if (!TABLE_HEAD.test(lines[first]!)) continue;
    const columns = cellsOf(lines[first]!).length;
    let end = first + 1;
    while (end < lines.length && cellsOf(lines[end]!).length === columns) end += 1;
    if (end < lines.length && lines[end]!.includes("  ")) continue;
    lines.splice(first, end - first, ...align(lines.slice(first, end).map(cellsOf)));
  }
  return lines.join("\n");
}

const TABLE_HEAD = /^[A-Z][A-Z/ ]*( {2,}[A-Z][A-Z/ ]*)+$/;

function cellsOf(line: string): string[] {
  return line.trimEnd().split(/ {2,}/);
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => Bun.stringWidth(row[column]!))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(widths[column]! - Bun.stringWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function replaceAll(text: string, table: readonly (readonly [RegExp, string])[]): string {
  return table.reduce((told, [pattern, shown]) => told.replaceAll(pattern, shown), text);
}
