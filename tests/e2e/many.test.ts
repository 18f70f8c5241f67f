// Calls for many peers at once: launch and send by --all and --class, and stop by several names.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { applyAgents } from "../support/applied-fleet.ts";
import { errorLine, ok, valuesOf } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { openSandbox, until } from "../support/sandbox.ts";
import { declareLineReaders, prepareSessions, processesOf, registerBy } from "../support/session.ts";

const box = openSandbox();
const heard = (name: string) => {
  const path = join(box.home, `heard-${name}`);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};
const untilHeard = async (name: string, text: string) =>
  await until(`${name} hears ${text}`, () => heard(name).includes(`] ${text}\n`));

beforeAll(async () => {
  prepareSessions(box);
  declareLineReaders(box);
  Object.assign(box.env, {
    IAPEER_CLAUDE_BIN: fixture("obedient-agent.sh"),
    PATH: `${process.cwd()}/dist:${process.env["PATH"]}`,
  });
  box.script("ssh", "echo 'no route to host' >&2; exit 255");
  for (const name of ["ann", "ben", "cleo"]) await registerBy(box, name);
});

afterAll(async () => {
  await box.iapeer("stop", "--all");
  await until("nothing of the sandbox runs", () => processesOf(box).length === 0);
  box[Symbol.dispose]();
});

test("a class is that of the applied fleet", async () => {
  expect(errorLine(await box.iapeer("launch", "--class", "tester", "--json"))).toMatchObject({ code: "fleet-not-applied" });
  applyAgents(box, { name: "ann", class: "orchestrator" }, "ben", "cleo", {
    name: "far",
    remote: { host: "yard", ssh: "me@nowhere.invalid" },
  });
  const finished = await box.iapeer("send", "--class", "writer", "hello", "--json");
  expect({ status: finished.status, ...errorLine(finished) }).toMatchObject({
    status: 3,
    code: "agent-not-found",
    hint: "it has: orchestrator, tester",
  });
});

test("launch --class, then --all: one row each, in the order of the registry", async () => {
  const testers = (await box.json("launch", "--class", "tester")) as Record<string, unknown>[];
  expect([valuesOf(testers, "identity"), valuesOf(testers, "action")]).toEqual([
    ["claude-ben", "claude-cleo"],
    ["launched", "launched"],
  ]);
  const { stdout, stderr } = await ok(box, "start", "--all");
  expect([stdout.split("\n").map((line) => line.replace(/ \(pid \d+\)/, "")), stderr]).toEqual([
    ["launched claude-ann", "claude-ben is live already", "claude-cleo is live already", ""],
    "",
  ]);
});

test("send takes the text as a word, one that begins with a dash behind --", async () => {
  expect((await ok(box, "send", "ann", "good morning")).stdout).toBe("sent to claude-ann\n");
  await untilHeard("ann", "good morning");
  await ok(box, "send", "ann", "--", "-m is an option");
  await untilHeard("ann", "-m is an option");
});

test("send --all gives the text of a pipe to each, and send --class tells who did not get it", async () => {
  const child = Bun.spawn([join(process.cwd(), "dist/iapeer"), "send", "--all", "--from", "ann", "--file", "-", "--json"], {
    env: box.env,
    stdin: new Blob(["from a pipe"]),
    stdout: "pipe",
    stderr: "ignore",
  });
  const rows = (await child.stdout.json()) as Record<string, unknown>[];
  expect([valuesOf(rows, "to"), valuesOf(rows, "state")]).toEqual([
    ["ben", "cleo"],
    ["sent", "sent"],
  ]);
  for (const name of ["ben", "cleo"]) await untilHeard(name, "from a pipe");
  const finished = await box.iapeerWith(
    { PATH: `${box.folder}:${box.env["PATH"]}` },
    "send",
    "--class",
    "tester",
    "hi",
    "--json",
  );
  const testers = JSON.parse(finished.stdout) as Record<string, unknown>[];
  expect(testers.map(({ to, host, state }) => ({ to, host, state }))).toEqual([
    { to: "ben", host: undefined, state: "sent" },
    { to: "cleo", host: undefined, state: "sent" },
    { to: "far", host: "yard", state: "failed" },
  ]);
  expect([testers[2]!["error"], finished.status]).toMatchObject([{ code: "host-unreachable" }, 1]);
});

test("an agent that sends to all does not get it itself", async () => {
  await ok(box, "send", "ben", "run iapeer send --all ping");
  await untilHeard("ann", "ping");
  await untilHeard("cleo", "ping");
  await until("the call is over", () => existsSync(join(box.home, "ran-status")));
  expect(readFileSync(join(box.home, "ran"), "utf8")).toBe("sent to claude-ann\nsent to claude-cleo\n");
  expect(heard("ben")).not.toContain("] ping\n");
});

describe("a call is wrong", () => {
  const uuid = crypto.randomUUID();

  test.each([
    ["send ann hello -m hello", "send takes a <text>, -m or --file, and one of them only"],
    ["send ann", "send needs a message: a <text>, -m TEXT or --file F"],
    ["send ann two words", 'send does not take "words"'],
    ["send -m hello", "send needs a <personality>, --all or --class"],
    ["send --all ann hello", "send takes a <personality>, --all or --class, and one of them only"],
    ["send --all --class tester hello", "send takes --all or --class, not both"],
    ["send --all", "send needs a message: a <text>, -m TEXT or --file F"],
    ["send --all --directive sleep", "--directive is for one peer, not for --all or --class"],
    [`send --all hello --if-incarnation ${uuid}`, "--if-incarnation is for one peer, not for --all or --class"],
    ["send --class Tester hello", '--class takes a class as the fleet file has it, not "Tester"'],
    ["launch", "launch needs a <personality>, --all or --class"],
    ["launch ann --all", "launch takes a <personality>, --all or --class, and one of them only"],
    ["launch --all -- --model x", "arguments after -- are for one peer, not for --all or --class"],
    ["stop", "stop takes either a <personality> or --all"],
    ["stop ann --all", "stop takes either a <personality> or --all"],
    [`stop ann ben --if-incarnation ${uuid}`, "--if-incarnation is for one peer, not for several"],
  ])("%s", async (words, message) => {
    const finished = await box.iapeer(...words.split(" "));
    expect([finished.status, finished.stderr.split("\n")[0]]).toEqual([2, `error: ${message}`]);
  });
});

test("stop takes several names, each once, and one that is wrong keeps none of the others", async () => {
  const finished = await box.iapeer("stop", "ben", "nobody", "ann", "ben", "--json");
  const rows = JSON.parse(finished.stdout) as Record<string, unknown>[];
  expect(rows).toMatchObject([
    { identity: "claude-ben", action: "stopped" },
    { personality: "nobody", action: "failed", error: { code: "peer-not-found" } },
    { identity: "claude-ann", action: "stopped" },
  ]);
  expect([finished.status, errorLine(finished).code]).toEqual([3, "peer-not-found"]);
  const { stdout } = await ok(box, "stop", "ann", "cleo");
  expect(stdout).toBe("claude-ann was not running\nstopped claude-cleo\n");
});
