// The screen of a program that draws, and what tail makes of it: live, followed, and when it has ended.
import { beforeEach, describe, expect, test } from "bun:test";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { until } from "../support/sandbox.ts";
import { callOutside, launchPeer, type Session, tellAgent, untilGone } from "../support/session.ts";

const bob = useBob();
const RULE = "────────";

beforeEach(() => {
  bob.sandbox.env["IAPEER_CLAUDE_BIN"] = fixture("drawing-agent.sh");
});

/** Types a line to the agent, and waits until the screen shows something. */
async function tell(session: Session, line: string, shown: string): Promise<void> {
  await tellAgent(session, line);
  await until(shown, async () => (await callOutside(session, "capture-pane", "-p", "-t", "%0")).includes(shown));
}

const facts = async (session: Session) =>
  await callOutside(
    session,
    "list-panes",
    "-a",
    "-F",
    "#{window_width} #{window_height} #{pane_mode} #{session_attached} #{session_name}",
  );

test("screen prints what stands there now, and leaves the session as it was", async () => {
  const session = await launchPeer(bob.sandbox, "bob");
  await tell(session, "one", "said one");
  await callOutside(session, "copy-mode", "-t", "%0");
  const before = await facts(session);
  const plain = await ok(bob.sandbox, "screen", "bob");
  expect(plain).toMatchObject({ stdout: ["welcome", "said one", RULE, ">", RULE, ""].join("\n"), stderr: "" });
  const found = await bob.sandbox.json("screen", "bob");
  expect(found).toEqual({
    identity: "claude-bob",
    incarnation: session.incarnation,
    rows: 50,
    columns: 200,
    alternate_screen: false,
    takes_pastes: expect.anything(),
    cursor: { x: 2, y: 3, visible: true },
    lines: [...plain.stdout.trimEnd().split("\n"), ...Array.from({ length: 45 }, () => "")],
  });
  expect([true, false, "unknown"]).toContain(found.takes_pastes);
  const coloured = (await ok(bob.sandbox, "screen", "bob", "--colour")).stdout;
  expect(coloured).toContain("\u001b[32msaid one\u001b[");
  expect(Bun.stripANSI(coloured)).toBe(plain.stdout);
  expect((await ok(bob.sandbox, "screen", "bob", "--color")).stdout).toBe(coloured);
  expect(await facts(session)).toBe(before);
  await callOutside(session, "send-keys", "-X", "-t", "%0", "cancel");
  await tell(session, "second", "on the second screen");
  expect(await bob.sandbox.json("screen", "bob")).toMatchObject({
    alternate_screen: true,
    lines: expect.arrayContaining(["   on the second screen"]),
  });
});

test("tail shows the lines of a drawing once, follows it, and shows the last ones when it has ended", async () => {
  const session = await launchPeer(bob.sandbox, "bob");
  await tell(session, "one", "said one");
  const shown = ["welcome", "said one", RULE, ">", RULE];
  expect((await bob.sandbox.json("tail", "bob", "-n", "5")).lines).toEqual(shown);
  const following = bob.sandbox.start(["tail", "bob", "-f", "-n", "2"]);
  try {
    let seen = "";
    void (async () => {
      for await (const chunk of following.stdout) seen += new TextDecoder().decode(chunk);
    })();
    await until("the last lines are there", () => seen === `>\n${RULE}\n`);
    await tell(session, "two", "said two");
    await until("the new line is there", () => seen.endsWith("said two\n"));
    await tellAgent(session, "three");
    await tellAgent(session, "exit 7");
    await untilGone(session.server);
    await until("the last line is there", () => seen.endsWith("said three\n"));
    expect(seen).toBe(`>\n${RULE}\nsaid two\nsaid three\n`);
  } finally {
    following.kill("SIGKILL");
  }
  const [mark, ...lines] = (await bob.sandbox.json("tail", "bob")).lines as string[];
  expect(mark).toContain(session.incarnation);
  expect(lines).toEqual(["welcome", "said one", "said two", "said three", RULE, ">", RULE]);
});

describe("screen refuses", () => {
  test("a peer that is not live, one that is unknown, and a runtime that it has not", async () => {
    const codes = await Promise.all(
      [["bob"], ["nobody"], ["bob", "--runtime", "codex"]].map(async (words) => {
        const finished = await bob.sandbox.iapeer("screen", ...words, "--json");
        return [finished.status, errorLine(finished).code];
      }),
    );
    expect(codes).toEqual([
      [4, "peer-not-live"],
      [3, "peer-not-found"],
      [3, "runtime-not-found"],
    ]);
  });

  test("a session that is not the one that was launched", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await callOutside(session, "set-option", "-s", "@iap_incarnation", "another");
    const finished = await bob.sandbox.iapeer("screen", "bob", "--json");
    expect([finished.status, errorLine(finished).code]).toEqual([4, "stale-incarnation"]);
    await callOutside(session, "set-option", "-s", "@iap_incarnation", session.incarnation);
  });
});
