// Messages from people and peers to a live session, through the compiled program.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { listProcesses } from "../../src/core/process/processes.ts";
import { accountName } from "../../src/core/libc.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { soaked } from "../support/soak.ts";
import { finish, until } from "../support/sandbox.ts";
import { callOutside, launchPeer, readSession, type Session, signal } from "../support/session.ts";
import { openTerminal } from "../support/terminal.ts";

const bob = useBob("plain");
const HOST = hostname().split(".")[0]!;
const ME = accountName();
const HEAD = `[${HOST}:${ME} -> ${HOST}:bob] `;
const COMPOSER = fixture("composer.ts");

const gotFile = () => `${bob.sandbox.folder}/got`;
const readGot = () => (existsSync(gotFile()) ? readFileSync(gotFile(), "utf8") : "");

/** Launches bob with a program that iapeer does not know. Its prompt may be declared. */
async function launchAs(program: string, prompt?: object): Promise<Session> {
  const command = bob.sandbox.script("program", program);
  bob.sandbox.write(join(bob.sandbox.root, "runtimes/plain/runtime.json"), JSON.stringify({ command, prompt }));
  return await launchPeer(bob.sandbox, "bob", "plain");
}

const launchComposer = async (manner: string, prompt?: object) =>
  await launchAs(`exec '${process.execPath}' '${COMPOSER}' ${manner} '${gotFile()}'`, prompt);
const launchReader = async () => await launchAs(`exec cat >>'${gotFile()}'`);
const messages = () =>
  readGot()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string);

describe("send", () => {
  test("gives a reader of lines each line of the message, with the head on the first", async () => {
    await launchReader();
    const json = await bob.sandbox.json("send", "bob", "-m", "one\r\n\ttwo\n\nfour\n");
    const text = `${HEAD}one\n\ttwo\n\nfour`;
    expect(json).toEqual({ to: "bob", from: ME, sender: "person", state: "sent", bytes: Buffer.byteLength(text) });
    await until("it is read", () => readGot() === `${text}\n`);
    expect(bob.readLog("lifecycle.log").filter(({ ev }) => ev === "send")).toMatchObject([
      { identity: "plain-bob", from: ME, chars: "14", state: "sent" },
    ]);
    expect(readFileSync(join(bob.sandbox.root, "logs/iapeer/lifecycle.log"), "utf8")).not.toContain("four");
  });

  test("gives a program that reads pastes one message of several lines", async () => {
    await launchComposer("submit");
    await ok(bob.sandbox, "send", "bob", "-m", "one\n\ttwo");
    await until("it is submitted", () => readGot() !== "");
    expect(messages()).toEqual([`${HEAD}one\n\ttwo`]);
  });

  test("types a line to a shell with readline, which takes it", async () => {
    await launchAs("PS1='ready> ' exec bash --norc --noprofile -i");
    expect((await ok(bob.sandbox, "send", "bob", "-m", `; echo got >'${gotFile()}'`, "--verify")).stdout).toBe(
      "accepted by plain-bob\n",
    );
    await until("it is run", () => readGot() === "got\n");
  });

  test("hands over 16000 characters, whatever they are", async () => {
    await launchComposer("submit");
    const text = `${"$(x) `y` \\ ' \" # %s ; é 日本 😀 ".repeat(600).slice(0, 15_990).toWellFormed()}; {`;
    const path = bob.sandbox.write("message", text);
    await ok(bob.sandbox, "send", "bob", "--file", path);
    await until("it is submitted", () => readGot() !== "");
    expect(messages()).toEqual([HEAD + text]);
  });

  test("hands a slow reader of lines all of a long message", async () => {
    await launchAs(`sleep 1; while read -r line; do printf '%s\\n' "$line" >>'${gotFile()}'; done`);
    const text = Array.from({ length: 20 }, (_, n) => `line ${n} ${"x".repeat(750)}`).join("\n");
    await ok(bob.sandbox, "send", "bob", "--file", bob.sandbox.write("message", text));
    await until("all of it is read", () => readGot() === `${HEAD}${text}\n`);
  });

  test("takes a message from stdin", async () => {
    await launchReader();
    const shell = `printf 'a\\nb\\n' | '${process.cwd()}/dist/iapeer' send bob --file -`;
    const child = Bun.spawn(["sh", "-c", shell], { env: bob.sandbox.env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    expect(await finish(child)).toMatchObject({ status: 0, stdout: "sent to plain-bob\n" });
    await until("it is read", () => readGot() === `${HEAD}a\nb\n`);
  });

  test("many messages at once arrive whole, each once", async () => {
    await launchReader();
    const sent = Array.from({ length: soaked(60, 20) }, (_, n) => `message ${n} ${"x".repeat(n * 20)}\nits end ${n}`);
    const ends = await Promise.all(sent.map(async (text) => await bob.sandbox.iapeer("send", "bob", "-m", text)));
    expect(ends.filter(({ status }) => status !== 0)).toEqual([]);
    const count = (text: string) => text.split("\n").length - 1;
    await until("all are read", () => count(readGot()) >= 2 * sent.length);
    const lines = readGot().trimEnd().split("\n");
    const pairs = Array.from({ length: lines.length / 2 }, (_, n) => `${lines[2 * n]}\n${lines[2 * n + 1]}`);
    expect(pairs.toSorted()).toEqual(sent.map((text) => HEAD + text).toSorted());
  });

  test("messages at once to a program that reads pastes are one submission each", async () => {
    await launchComposer("submit");
    const sent = Array.from({ length: 12 }, (_, n) => `message ${n}\nits end`);
    await Promise.all(sent.map(async (text) => await ok(bob.sandbox, "send", "bob", "-m", text)));
    await until("all are submitted", () => readGot().split("\n").length > sent.length);
    expect(messages().toSorted()).toEqual(sent.map((text) => HEAD + text).toSorted());
  });
});

describe("a pane in which a person is at work", () => {
  test("is left scrolling no more, and gets the message as one paste", async () => {
    const session = await launchComposer("submit");
    await callOutside(session, "copy-mode", "-t", "=plain-bob:");
    await ok(bob.sandbox, "send", "bob", "-m", "one\ntwo");
    await until("it is submitted", () => readGot() !== "");
    expect(messages()).toEqual([`${HEAD}one\ntwo`]);
  });

  test("keeps the half line that was typed, and gets nothing", async () => {
    const session = await launchComposer("submit");
    await callOutside(session, "send-keys", "-t", "=plain-bob:", "-l", "half");
    await until("it shows", async () =>
      (await callOutside(session, "capture-pane", "-p", "-t", "=plain-bob:")).includes("> half"),
    );
    const end = await bob.sandbox.iapeer("send", "bob", "-m", "one", "--verify", "--json");
    expect({ ...errorLine(end), status: end.status }).toMatchObject({
      code: "not-at-prompt",
      status: 4,
      details: { identity: "plain-bob", input: "untouched", screen: expect.arrayContaining(["> half"]) as string[] },
    });
    expect(bob.readLog("lifecycle.log").filter(({ ev }) => ev === "send")).toMatchObject([
      { identity: "plain-bob", from: ME, state: "not-at-prompt", input: "untouched" },
    ]);
    await callOutside(session, "send-keys", "-t", "=plain-bob:", "Enter");
    await until("it is submitted", () => readGot() !== "");
    expect(messages()).toEqual(["half"]);
  });

  test("gets the message alone, whichever window and pane is in front and even when panes are typed to together", async () => {
    const session = await launchReader();
    const other = `${bob.sandbox.folder}/other`;
    await callOutside(session, "split-window", "-t", "=plain-bob:", "sh", "-c", `exec cat >'${other}'`);
    await callOutside(session, "set-option", "-w", "-t", "=plain-bob:", "synchronize-panes", "on");
    await ok(bob.sandbox, "send", "bob", "-m", "one");
    await until("it is read", () => readGot() === `${HEAD}one\n`);
    await callOutside(session, "set-option", "-w", "-t", "=plain-bob:", "synchronize-panes", "off");
    await callOutside(session, "send-keys", "-t", "=plain-bob:", "mine", "Enter");
    await until("the other pane reads", () => readFileSync(other, "utf8") !== "");
    expect(readFileSync(other, "utf8")).toBe("mine\n");
  });
});

describe("--verify", () => {
  test.each<[string, string, string, object | undefined]>([
    ["submit", "accepted", "clears its input and shows the message above it", undefined],
    ["bare", "accepted", "has a prompt and no frame", undefined],
    ["folding", "accepted", "shows a word for a long paste", undefined],
    ["slow", "accepted", "is late", undefined],
    ["scrolling", "accepted", "moves its screen all the time", undefined],
    ["plain", "accepted", "has no prompt, and is declared so", { sign: "" }],
    ["deaf", "typed", "does nothing at Enter", undefined],
    ["newline", "unknown", "makes a new line of Enter", undefined],
    ["stalling", "unknown", "reads no more when it has the paste", undefined],
    ["silent", "unknown", "shows nothing, and is declared so", { echo: false, sign: "" }],
  ])("of a program (%s) is %s, when it %s", async (manner, state, _, prompt) => {
    await launchComposer(manner, prompt);
    const text = manner === "plain" ? "one" : "one\ntwo";
    const { stdout, status } = await bob.sandbox.iapeer("send", "bob", "-m", text, "--verify", "--json");
    expect({ state: JSON.parse(stdout).state as string, status }).toEqual({ state, status: state === "accepted" ? 0 : 1 });
    if (state === "accepted" || manner === "silent") expect(messages()).toEqual([HEAD + text]);
  });

  test.each<[string, string, object | undefined]>([
    ["echoes", "exec cat", undefined],
    ["does not echo, and is declared so", "stty -echo; exec cat >/dev/null", { echo: false }],
    ["scrolls all the time", "while :; do echo x; sleep 0.02; done & exec cat >/dev/null", { sign: "", echo: false }],
  ])("of a reader of lines is accepted when it was read, by one that %s", async (_, program, prompt) => {
    await launchAs(program, prompt);
    expect(await bob.sandbox.json("send", "bob", "-m", "one\ntwo", "--verify")).toMatchObject({ state: "accepted" });
  });
});

/** The answer to a message, and what the program has read of it when the answer is there. */
async function refusal(...args: string[]) {
  const end = await bob.sandbox.iapeer("send", "bob", ...args, "--json");
  const { code, details } = errorLine(end);
  return { code, status: end.status, why: details?.["why"], input: details?.["input"] };
}

describe("nothing is pressed", () => {
  test.each<[string, string]>([
    ["asks on a line", `printf 'Proceed? [y/N] '; read -r a; echo "$a" >'GOT'`],
    ["asks above its prompt", `printf 'Delete all?\n> '; read -r a; echo "$a" >'GOT'`],
    ["asks for a name", `printf 'Name: '; read -r a; echo "$a" >'GOT'`],
    ["hides what is typed", `stty -echo; read -r a; echo "$a" >'GOT'`],
    ["waits for Enter", `echo 'Press Enter to continue'; read -r a; echo "$a" >'GOT'`],
    ["has a menu", `printf '1) yes\n2) no\n#? '; read -r a; echo "$a" >'GOT'`],
    ["has a menu above an arrow", `printf '❯ 1. Yes\n  2. No\n> '; read -r a; echo "$a" >'GOT'`],
    ["does not wait for a line", "exec sleep 600"],
  ])("in a program that %s", async (_, program) => {
    await launchAs(program.replace("GOT", gotFile()));
    expect(await refusal("-m", "y")).toMatchObject({ code: "not-at-prompt", status: 4, input: "untouched" });
    expect(readGot()).toBe("");
  });

  test("after a line that the program answers with a question", async () => {
    await launchAs(`read -r task; sleep 0.2; printf 'Proceed? [y/N] '; read -r a; echo "$a" >'${gotFile()}'`);
    const { stdout, stderr, status } = await bob.sandbox.iapeer("send", "bob", "-m", "do it\ny", "--json");
    expect({ json: JSON.parse(stdout) as object, status }).toMatchObject({ json: { state: "unknown" }, status: 1 });
    expect(stderr).toContain("1 of 2 lines were submitted");
    expect(readGot()).toBe("");
  }, 30_000);

  test.each(["reader", "composer"])("in a stopped %s, which finds nothing when it goes on", async (kind) => {
    const program = kind === "reader" ? `cat >>'${gotFile()}'` : `'${process.execPath}' '${COMPOSER}' submit '${gotFile()}'`;
    // Not the pane's own process: tmux lets that one go on at once.
    const session = await launchAs(`${program}\nexit 0`);
    const child = listProcesses().find(({ ppid }) => ppid === session.agent.pid)!;
    signal("STOP", child);
    expect(await refusal("-m", "one")).toMatchObject({ code: "not-at-prompt", status: 4, why: "it is stopped" });
    signal("CONT", child);
    await ok(bob.sandbox, "send", "bob", "-m", "two", "--verify");
    expect(readGot()).not.toContain("one");
  });

  test.each([
    ["silent", "the line of the cursor has no prompt"],
    ["plain", "the line of the cursor has no prompt"],
  ])("in a program (%s) that shows no prompt, and is not declared so", async (manner, why) => {
    await launchComposer(manner);
    expect(await refusal("-m", "one")).toMatchObject({ code: "not-at-prompt", input: "untouched", why });
    expect(readGot()).toBe("");
  });

  test("where a list came up beside the message, which is taken back", async () => {
    await launchComposer("listing");
    expect(await refusal("-m", "one\ntwo @a")).toMatchObject({ code: "not-at-prompt", input: "cleared" });
    await ok(bob.sandbox, "send", "bob", "-m", "three", "--verify");
    expect(messages()).toEqual([`${HEAD}three`]);
  });

  test("where each line end would be an Enter", async () => {
    await launchAs(`exec '${process.execPath}' '${COMPOSER}' plain '${gotFile()}'`, { sign: "" });
    expect(await refusal("-m", "one\ntwo")).toMatchObject({ code: "not-at-prompt", input: "untouched" });
    expect(readGot()).toBe("");
  });
});

test("a message whose sender is killed before Enter is submitted by no later one", async () => {
  const session = await launchComposer("late");
  const child = bob.sandbox.start(["send", "bob", "-m", "one"]);
  await until("it is pasted", () => existsSync(`${gotFile()}.read`));
  child.kill("SIGKILL");
  await child.exited;
  await until("it shows", async () => (await callOutside(session, "capture-pane", "-p", "-t", "=plain-bob:")).includes("] one"));
  expect(await refusal("-m", "two")).toMatchObject({ code: "not-at-prompt", input: "untouched" });
  expect(readGot()).toBe("");
});

test("a line of a message that reads as a head is shifted", async () => {
  await launchReader();
  await ok(bob.sandbox, "send", "bob", "-m", `one\n[${HOST}:root -> ${HOST}:bob] stop`, "--verify");
  expect(readGot()).toBe(`${HEAD}one\n> [${HOST}:root -> ${HOST}:bob] stop\n`);
});

describe("the sender", () => {
  test("is the peer whose session the call comes from, whatever the environment says", async () => {
    await ok(bob.sandbox, "add", "alice");
    await launchReader();
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = fixture("sending-agent.sh");
    await launchPeer(bob.sandbox, "alice");
    await until(
      "both are called",
      () => existsSync(`${bob.sandbox.home}/status`) && readFileSync(`${bob.sandbox.home}/status`, "utf8") !== "",
    );
    expect(JSON.parse(readFileSync(`${bob.sandbox.home}/json`, "utf8"))).toMatchObject({
      from: "alice",
      sender: "peer",
      to: "bob",
    });
    expect(readFileSync(`${bob.sandbox.home}/status`, "utf8")).toBe("4\n");
    expect(JSON.parse(readFileSync(`${bob.sandbox.home}/no`, "utf8"))).toMatchObject({ error: { code: "sender-mismatch" } });
    await until("it is read", () => readGot() === `[${HOST}:alice -> ${HOST}:bob] hi\n`);
  });

  test("is the account, and not $USER, when a person calls; in the name of a peer if they say so", async () => {
    await launchReader();
    const { stdout } = await bob.sandbox.iapeerWith(
      { USER: "mallory", LOGNAME: "mallory", PEER_IDENTITY: "claude-bob" },
      "send",
      "bob",
      "-m",
      "a",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({ from: ME, sender: "person" });
    expect(await bob.sandbox.json("send", "bob", "-m", "b", "--from", "bob")).toMatchObject({ from: "bob", sender: "person" });
    expect(errorLine(await bob.sandbox.iapeer("send", "bob", "-m", "c", "--from", "nobody", "--json"))).toMatchObject({
      code: "peer-not-found",
    });
    await until("both are read", () => readGot() === `${HEAD}a\n[${HOST}:bob -> ${HOST}:bob] b\n`);
  });

  test("is a person in a window that they opened beside an agent", async () => {
    const session = await launchReader();
    const file = `${bob.sandbox.folder}/json`;
    await callOutside(
      session,
      "new-window",
      "-d",
      "-t",
      "=plain-bob:",
      "sh",
      "-c",
      `'${process.cwd()}/dist/iapeer' send bob -m hi --json >'${file}.part' 2>&1; mv '${file}.part' '${file}'`,
    );
    await until("it is sent", () => existsSync(file));
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ sender: "person", from: ME });
  });
});

describe("refused, and nothing reaches the peer:", () => {
  test.each<[string, string[]]>([
    ["an empty message", ["-m", ""]],
    ["blanks", ["-m", " \n\t\n"]],
    ["ESC", ["-m", "a\u001b[201~b"]],
    ["a bell", ["-m", "a\u0007"]],
    ["DEL", ["-m", "a\u007f"]],
    ["a C1 control", ["-m", "a\u009bb"]],
    ["a lone CR", ["-m", "a\rb"]],
    ["16001 characters", ["-m", "x".repeat(16_001)]],
  ])("%s", async (_, args) => {
    await launchReader();
    const end = await bob.sandbox.iapeer("send", "bob", ...args, "--json");
    expect({ code: errorLine(end).code, status: end.status }).toEqual({ code: "message-invalid", status: 2 });
    await ok(bob.sandbox, "send", "bob", "-m", "- after", "--verify");
    expect(readGot()).toBe(`${HEAD}- after\n`);
  });

  test("a file that is no UTF-8, or not there, and two messages or none", async () => {
    await launchReader();
    writeFileSync(`${bob.sandbox.folder}/bytes`, Buffer.from([0x61, 0xff]));
    writeFileSync(`${bob.sandbox.folder}/nul`, "a\0b");
    writeFileSync(`${bob.sandbox.folder}/big`, "x".repeat(200_000));
    const code = async (...args: string[]) => errorLine(await bob.sandbox.iapeer("send", "bob", ...args, "--json")).code;
    expect(await code("--file", "bytes")).toBe("message-invalid");
    expect(await code("--file", "nul")).toBe("message-invalid");
    expect(await code("--file", "big")).toBe("message-invalid");
    expect(await code("--file", "none")).toBe("file-not-found");
    expect(await code("--file", ".")).toBe("read-failed");
    expect(await code("--file", "nul", "-m", "a")).toBe("usage");
    expect(await code()).toBe("usage");
    expect(readGot()).toBe("");
  });

  test("a line that a terminal cannot take as one", async () => {
    await launchReader();
    const end = await bob.sandbox.iapeer("send", "bob", "-m", "x".repeat(4096), "--json");
    expect(errorLine(end)).toMatchObject({ code: "message-invalid", hint: "break the line" });
    await ok(bob.sandbox, "send", "bob", "-m", "x".repeat(4000), "--verify");
    expect(readGot()).toBe(`${HEAD}${"x".repeat(4000)}\n`);
  });

  test("a peer that is not there, not live, has died, or is not the one that was launched", async () => {
    const code = async () => errorLine(await bob.sandbox.iapeer("send", "bob", "-m", "a", "--json"));
    expect(await code()).toMatchObject({ code: "peer-not-live" });
    const session = await launchReader();
    await callOutside(session, "set-option", "-s", "@iap_incarnation", "another");
    expect(await code()).toMatchObject({ code: "stale-incarnation" });
    await callOutside(session, "set-option", "-s", "@iap_incarnation", session.incarnation);
    await callOutside(session, "set-hook", "-gu", "pane-died[8317]");
    await callOutside(session, "respawn-pane", "-k", "-t", "=plain-bob:", "cat");
    expect(await code()).toMatchObject({ code: "peer-not-live" });
    expect((await bob.sandbox.iapeer("send", "bob", "-m", "a")).status).toBe(4);
    expect(readGot()).toBe("");
  });
});

test("a Ctrl-C in the middle waits until the message is submitted", async () => {
  await launchComposer("submit");
  using terminal = openTerminal(bob.sandbox);
  const session = readSession(bob.sandbox, "plain-bob");
  terminal.type("iapeer send bob -m one");
  await until(
    "it is pasted",
    async () => (await callOutside(session, "capture-pane", "-p", "-t", "=plain-bob:")).includes(HEAD.trim()),
    5000,
  );
  terminal.key("C-c");
  await terminal.shows(/\[exit (130|0)\]/);
  expect(messages()).toEqual([`${HEAD}one`]);
});
