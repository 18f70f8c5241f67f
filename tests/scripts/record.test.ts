import { expect, test } from "bun:test";
import { parseBlocks, parseTyped } from "../../scripts/record/blocks.ts";
import { normalise } from "../../scripts/record/normalise.ts";
import { recordPage } from "../../scripts/record/page.ts";
import { readProcess } from "../../src/core/process/processes.ts";
import { BINARY } from "../support/sandbox.ts";

const page = (...blocks: string[]) => ["# A page", ...blocks, "The end."].join("\n");
const block = (info: string, ...lines: string[]) => ["```" + info, ...lines, "```"].join("\n");

test("only blocks that are run are found, in page order", () => {
  const blocks = parseBlocks(
    page(block("sh", "true"), block("text", "npm test"), block("console", "$ echo a", "a"), block("console demo agent")),
  );
  expect(blocks.map(({ kind }) => kind)).toEqual(["sh", "console", "demo"]);
  expect(parseTyped(blocks[1]!)).toEqual(["echo a"]);
});

test("a recording replaces what a page shows by what is printed now", async () => {
  const told = page(
    block("sh", "word=new"),
    block("console", "$ echo $word; exit_with() { return $1; }", "old", "$ exit_with 3"),
  );
  const recorded = page(
    block("sh", "word=new"),
    block("console", "$ echo $word; exit_with() { return $1; }", "new", "$ exit_with 3", "(exit 3)"),
  );
  expect(await recordPage(told, BINARY)).toBe(recorded);
});

test("a page's paths and times are its reader's", async () => {
  const recorded = await recordPage(page(block("console", "$ echo ~/x ts=$(date -u +%Y-%m-%dT%H:%M:%S.123Z) ms=4711")), BINARY);
  expect(recorded).toContain("\n/home/somebody/x ts=2026-01-02T03:04:05.678Z ms=12\n");
});

test("processes, incarnations and ids of deaths are the same in every recording", () => {
  const printed = (pid: number, uuid: string) =>
    [
      `launched claude-bob (pid ${pid})`,
      `claude-bob  ${pid}   armed (parent, pid ${pid})  2026-11-21T06:00:00.123Z`,
      `"server_pid": ${pid}, "lived_secs": ${pid % 100}, server_pid=${pid} incarnation=${uuid}`,
      `hint: see: iapeer deaths show ${uuid.slice(0, 8)}`,
      `forensics: /tmp/iapX1y2z3/claude-bob-20261121T06000012${pid % 10}Z.txt`,
    ].join("\n");
  const once = normalise(printed(71234, crypto.randomUUID()), "/tmp/iapX1y2z3");
  expect(normalise(printed(71235, crypto.randomUUID()), "/tmp/iapX1y2z3")).toBe(once);
  expect(once).toContain("launched claude-bob (pid 24243)\nclaude-bob  24242   armed (parent, pid 24241)");
});

test("a number that says something is left as it is", () => {
  const told = "claude-bob: its server died, after 3 h 12 min\nwait_rc=137 dead_status=7 exit 7, 50 servers of 1000";
  expect(normalise(told, "/tmp/iapX1y2z3")).toBe(told);
});

test("a session that a page launched and did not stop ends with the page", async () => {
  const launch = block("sh", "export IAPEER_CLAUDE_BIN=/bin/cat", "iapeer add bob --no-provision", "iapeer launch bob");
  const tell = block("console", "$ iapeer launch bob --json | sed -n 's/.*pane_pid.: \\([0-9]*\\),/agent \\1/p'", "agent");
  const recorded = await recordPage(page(launch, tell), BINARY);
  const pid = Number(/^agent (\d+)$/m.exec(recorded)![1]);
  expect(pid).toBeGreaterThan(1);
  expect(readProcess(pid)?.isZombie ?? true).toBe(true);
});

test.each([
  ["fails without a mark", "false"],
  ["does not fail as its mark says", "true # exit 1"],
  ["fails otherwise than its mark says", "(exit 2) # exit 1"],
])("a line of a sh block that %s stops the recording", async (_what, line) => {
  expect(recordPage(page(block("sh", line)), BINARY)).rejects.toThrow("did not exit as the page says");
});

test("a line of a sh block that fails as its mark says is as it should be", async () => {
  const same = page(block("sh", "(exit 5) # exit 5"));
  expect(await recordPage(same, BINARY)).toBe(same);
});
