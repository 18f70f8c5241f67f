import { expect, test } from "bun:test";
import { chooseAuthor, identifySender, type Sender } from "../../src/launch/sender.ts";
import { accountName } from "../../src/core/libc.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { readHostName } from "../../src/core/host.ts";
import { openSandbox } from "../support/sandbox.ts";

const ALICE: Sender = { kind: "peer", name: "alice", identity: "claude-alice", incarnation: "0" };
const KIM: Sender = { kind: "person", name: "kim" };
const isPeer = (name: string) => ["alice", "bob"].includes(name);

test.each<[Sender, string | undefined, string]>([
  [ALICE, undefined, "alice"],
  [ALICE, "alice", "alice"],
  [KIM, undefined, "kim"],
  [KIM, "kim", "kim"],
  [KIM, "bob", "bob"],
])("%j as %p is %s", (sender, wanted, name) => {
  expect(chooseAuthor(sender, wanted, isPeer)).toEqual({ host: readHostName(), name });
});

test("a person may hand on what somebody of another host sends", () => {
  expect(chooseAuthor(KIM, "yard:alice", isPeer)).toEqual({ host: "yard", name: "alice" });
});

test.each<[Sender, string, string]>([
  [ALICE, "bob", "sender-mismatch"],
  [ALICE, "kim", "sender-mismatch"],
  [ALICE, "yard:alice", "sender-mismatch"],
  [KIM, "eve", "peer-not-found"],
  [KIM, "yard:", "peer-not-found"],
  [KIM, "yard:a b", "peer-not-found"],
])("%j as %s is refused: %s", (sender, wanted, code) => {
  expect(() => chooseAuthor(sender, wanted, isPeer)).toThrow(expect.objectContaining({ code }));
});

test("who is below no session is the account, whatever the environment says", () => {
  using sandbox = openSandbox();
  const env = { ...sandbox.env, PEER_IDENTITY: "claude-alice", PEER_PERSONALITY: "alice", USER: "alice" };
  expect(identifySender(layoutFrom(env), env)).toEqual({ kind: "person", name: accountName() });
});
