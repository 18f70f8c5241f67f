import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { IapeerError } from "../../../src/model/errors.ts";
import { readAnswer, type RemoteAnswer, type SshEnd } from "../../../src/launch/send/remote-answer.ts";

const BOB = { kind: "remote", name: "bob", host: "yard", ssh: "me@yard" } as const;
const RESULT = `{
  "to": "bob",
  "from": "mill:alice",
  "sender": "person",
  "state": "sent",
  "bytes": 31
}
`;

const answer = (end: Partial<SshEnd>) =>
  readAnswer({ exitCode: 0, stdout: "", stderr: "", wasTaken: true, ...end }, BOB, "iapeer");

function refusal(read: RemoteAnswer): IapeerError {
  if (read.kind !== "refused") throw new Error(`not refused: ${JSON.stringify(read)}`);
  return read.error;
}

test("a message that the agent keeps for later is told as that", () => {
  expect(answer({ stdout: RESULT.replace('"sent",', '"accepted",\n  "queued_by_agent": true,') })).toMatchObject({
    delivery: { state: "accepted", isQueued: true },
  });
});

describe("a result", () => {
  test("is what that iapeer says", () => {
    expect(answer({ stdout: RESULT })).toEqual({ kind: "delivered", delivery: { state: "sent", bytes: 31 } });
    expect(answer({ stdout: RESULT.replace('"sent"', '"typed"'), exitCode: 1 })).toEqual({
      kind: "delivered",
      delivery: { state: "typed", bytes: 31 },
    });
    expect(answer({ stdout: RESULT.replace("31", '31,\n  "effect": "sleep"') })).toEqual({
      kind: "delivered",
      delivery: { state: "sent", bytes: 31, effect: "sleep" },
    });
  });

  test("is found behind what a start file prints", () => {
    expect(answer({ stdout: `{ welcome }\n\n{\n  "state": "sent"\n}\n${RESULT}` })).toMatchObject({ kind: "delivered" });
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "sent"],
    ["another's", RESULT.replace('"bob"', '"eve"')],
    ["an unknown state", RESULT.replace('"sent"', '"done"')],
    ["no length", RESULT.replace("31", '"31"')],
    ["a key twice", RESULT.replace('"bytes"', '"state": "sent",\n  "bytes"')],
    ["one that is cut off", RESULT.slice(0, -4)],
    ["one with more behind it", `${RESULT}x`],
  ])("is never made of %s", (_, stdout) => {
    expect(refusal(answer({ stdout }))).toMatchObject({ code: "send-failed", exitStatus: 1 });
  });
});

describe("an error of that iapeer", () => {
  const line = (error: object) => `${JSON.stringify({ error })}\n`;

  test("is ours, with its code, exit status, words and hint, and where they are from", () => {
    const stderr = `warning: something\n${line({ code: "peer-not-live", message: "claude-bob is not live", hint: "to start it: iapeer launch bob", details: { identity: "claude-bob" } })}`;
    const error = refusal(answer({ stderr, exitCode: 4 }));
    expect(error).toMatchObject({
      code: "peer-not-live",
      exitStatus: 4,
      message: "yard: claude-bob is not live",
      hint: "on yard: to start it: iapeer launch bob",
      details: { host: "yard" },
    });
  });

  test("with a code that is not known here is send-failed, with that code in its details", () => {
    const error = refusal(answer({ stderr: line({ code: "peer-on-holiday", message: "gone fishing" }), exitCode: 4 }));
    expect(error).toMatchObject({
      code: "send-failed",
      exitStatus: 4,
      message: "yard: gone fishing",
      details: { host: "yard", code: "peer-on-holiday" },
    });
  });

  test("that tells of a screen has that screen, and why nothing was submitted", () => {
    const details = { identity: "claude-bob", why: "a menu", input: "untouched", screen: ["> half", "\u001b[31m", 7] };
    const stderr = line({ code: "not-at-prompt", message: "claude-bob is not at an empty prompt", details });
    expect(refusal(answer({ stderr, exitCode: 4 }))).toMatchObject({
      code: "not-at-prompt",
      exitStatus: 4,
      details: { host: "yard", why: "a menu", input: "untouched", screen: ["> half", "?[31m"] },
    });
  });

  test("says nothing that a terminal would obey, and no more than a person reads", () => {
    const error = refusal(
      answer({
        stderr: line({ code: "send-failed", message: `a\u001b]0;x\u0007\r\nb\u202e${"y".repeat(5000)}`, hint: "\u009b31m" }),
        exitCode: 1,
      }),
    );
    expect(error.message).toStartWith("yard: a?]0;x? b?yyy");
    expect(error.message.length).toBeLessThan(420);
    expect(error.hint).toBe("on yard: ?31m");
  });

  test.each([
    ["a number for a code", { code: 7, message: "a" }],
    ["a code that is none", { code: "__proto__", message: "a" }],
    ["no message", { code: "send-failed" }],
    ["a list", []],
  ])("is not made of %s", (_, error) => {
    expect(refusal(answer({ stderr: line(error), exitCode: 4 }))).toMatchObject({ code: "send-failed", exitStatus: 1 });
  });

  test("that comes with exit 0 is none", () => {
    expect(refusal(answer({ stderr: line({ code: "peer-not-live", message: "a" }), exitCode: 0 })).exitStatus).toBe(1);
  });
});

describe("ssh's own failure", () => {
  test.each([255, null])("before the text went (%p) says that nothing was sent", (exitCode) => {
    const error = refusal(
      answer({ exitCode, wasTaken: false, stderr: "banner\r\nssh: connect to host yard port 22: No route to host\r\n\r\n" }),
    );
    expect(error).toMatchObject({ code: "host-unreachable", exitStatus: 1, hint: "try it by hand: ssh me@yard true" });
    expect(error.message).toBe(
      "yard cannot be reached, and nothing was sent: ssh: connect to host yard port 22: No route to host",
    );
  });

  test.each([255, null, 137, 139])("after the text went (%p) leaves open what became of it", (exitCode) => {
    expect(answer({ exitCode, stderr: "Connection to yard closed by remote host.\r\n" })).toMatchObject({ kind: "lost" });
  });

  test.each([126, 127])("and the shell's there (%p) says that there is no iapeer", (exitCode) => {
    expect(refusal(answer({ exitCode, stderr: "sh: 1: iapeer: not found\n" }))).toMatchObject({
      code: "host-without-iapeer",
      exitStatus: 1,
    });
  });
});

test("whatever comes back is an answer, and only a whole result is a delivery", () => {
  const end = fc.record({
    exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
    stdout: fc.string({ unit: "binary" }),
    stderr: fc.string({ unit: "binary" }),
    wasTaken: fc.boolean(),
  });
  fc.assert(fc.property(end, (one) => answer(one).kind !== "delivered"));
});
