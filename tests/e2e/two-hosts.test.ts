// Messages between two hosts: network namespaces with an sshd each, and the compiled program on both.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PsRow } from "../../src/fleet/ps/types.ts";
import { fixture } from "../support/fixtures.ts";
import { agentOf, applyBoth, applyOn, heard, launchOn, logOf, okOn, runIn } from "../support/host-fleet.ts";
import { type Host, type Hosts, openHosts, whyNoHosts } from "../support/hosts.ts";
import { until } from "../support/sandbox.ts";
import { declareLineReaders } from "../support/session.ts";

const why = whyNoHosts();
if (why !== undefined) console.warn(`the tests with two hosts are skipped: ${why}`);

/** Where an account's shell is looked up, on that host. */
function setLoginShell({ folder }: Host, shell: string): void {
  const passwd = join(folder, "passwd");
  writeFileSync(passwd, readFileSync(passwd, "utf8").replace(/^(root:.*:).*$/m, `$1${shell}`));
}

let hosts: Hosts;
let a: Host;
let b: Host;

describe.skipIf(why !== undefined)(why === undefined ? "two hosts" : `two hosts (skipped: ${why})`, () => {
  beforeEach(async () => {
    hosts = await openHosts();
    ({ a, b } = hosts);
    applyBoth(hosts);
  });
  afterEach(async () => await hosts[Symbol.asyncDispose]());

  test("a peer's message gets to an agent of the other host, which answers by the same command", async () => {
    await launchOn(a, "alice");
    await launchOn(b, "bob");
    const sent = await runIn(a, "alice", "iapeer send bob -m 'run iapeer send alice -m done --json' --verify --json");
    expect(sent.status).toBe(0);
    const head = "[hosta:alice -> hostb:bob] ";
    const text = `${head}run iapeer send alice -m done --json`;
    expect(JSON.parse(sent.output)).toEqual({
      to: "bob",
      host: "hostb",
      from: "alice",
      sender: "peer",
      state: "accepted",
      bytes: text.length,
    });
    await until("it is read there", () => heard(b, "bob") === `${text}\n`);
    await until("the reply is read here", () => heard(a, "alice").endsWith("[hostb:bob -> hosta:alice] done\n"));
    expect(logOf(a, "lifecycle.log").filter(({ ev, peer }) => ev === "send" && peer !== undefined)).toMatchObject([
      { peer: "bob", host: "hostb", from: "alice", state: "accepted" },
    ]);
    expect(logOf(b, "lifecycle.log").filter(({ ev, identity }) => ev === "send" && identity !== undefined)).toMatchObject([
      { identity: "claude-bob", from: "hosta:alice", state: "accepted" },
    ]);
  });

  test("a fleet that is declared on both is applied and launched on each, and its agents talk", async () => {
    for (const host of [a, b]) {
      const remote = (name: string, there: Host) =>
        there === host
          ? { name, class: "orchestrator" }
          : { name, class: "orchestrator", host: there.name, ssh: `root@${there.address}` };
      mkdirSync(host.root, { recursive: true, mode: 0o700 });
      writeFileSync(
        join(host.root, "fleet.yaml"),
        JSON.stringify({ version: 1, policy: "none", agents: [remote("alice", a), remote("bob", b)] }),
        { mode: 0o600 },
      );
      host.env["IAPEER_CLAUDE_BIN"] = fixture("obedient-agent.sh");
      declareLineReaders(host);
      await okOn(host, "fleet", "apply", "--start");
    }
    expect((await okOn(a, "fleet", "comms", "alice")).stdout).toMatch(
      /On the host hostb; iapeer goes there by itself:\n {2}bob .* iapeer send bob -m "TEXT"/,
    );
    expect((await runIn(a, "alice", "iapeer send bob -m 'run iapeer send alice -m done' --verify")).status).toBe(0);
    await until("the reply is read here", () => heard(a, "alice").endsWith("[hostb:bob -> hosta:alice] done\n"));
    const rows = JSON.parse((await a.run([join(a.folder, "bin/iapeer"), "fleet", "ps", "--json"])).stdout) as PsRow[];
    expect(rows).toMatchObject([
      { peer: "alice", host: "hosta", tenant: "root", status: "live" },
      { peer: "bob", host: "hostb", tenant: "root", status: "remote" },
    ]);
  });

  test("a person's message comes in their account's name, or in a peer's if they say so", async () => {
    await okOn(a, "add", "carol");
    await launchOn(b, "bob");
    expect((await okOn(a, "send", "bob", "-m", "one")).stdout).toBe("sent to bob on hostb\n");
    await okOn(a, "send", "bob", "-m", "two", "--from", "carol");
    await until("both are read", () => heard(b, "bob") === "[hosta:root -> hostb:bob] one\n[hosta:carol -> hostb:bob] two\n");
  });

  test("text of any kind arrives as it is, whatever the login shell there", async () => {
    await launchOn(b, "bob", "exec cat >>~/heard-bob");
    const nasty = `' " \` $(touch ${b.folder}/hit) \${IFS} ; & | > < * ? ! # ~ \\ %s {a,b} -oProxyCommand=x\n\n--from eve:eve\n`;
    // Few lines, each near to the longest that a terminal takes: this reader gets them one by one.
    const text = (nasty + "日本 😀 é ".repeat(250)).repeat(8).slice(0, 15_990).toWellFormed();
    writeFileSync(join(a.folder, "text"), text);
    const shells = ["sh", "bash", "zsh", "fish", "busybox"].flatMap((shell) => Bun.which(shell) ?? []);
    for (const shell of shells) {
      setLoginShell(b, shell.endsWith("busybox") ? b.script("ash", `exec busybox ash "$@"`) : shell);
      expect((await okOn(a, "send", "bob", "--file", "text", "--verify")).stdout).toBe("accepted by bob on hostb\n");
    }
    const whole = `[hosta:root -> hostb:bob] ${text.replace(/\n+$/, "")}\n`;
    await until("all of it is read", () => heard(b, "bob") === whole.repeat(shells.length));
    expect(existsSync(join(b.folder, "hit"))).toBe(false);
  });

  test("16,000 characters of four bytes each arrive", async () => {
    await launchOn(b, "bob", "exec cat >>~/heard-bob");
    const text = `${"😀".repeat(799)}\n`.repeat(20).slice(0, -1);
    expect((await a.run([join(a.folder, "bin/iapeer"), "send", "bob", "--file", "-", "--verify"], { stdin: text })).stdout).toBe(
      "accepted by bob on hostb\n",
    );
    await until("all of it is read", () => heard(b, "bob") === `[hosta:root -> hostb:bob] ${text}\n`);
  });

  test("twenty messages at once arrive whole, each once", async () => {
    await launchOn(b, "bob");
    const sent = Array.from({ length: 20 }, (_, n) => `message ${n} ${"x".repeat(n * 50)}`);
    await Promise.all(sent.map(async (text) => await okOn(a, "send", "bob", "-m", text)));
    await until("all are read", () => heard(b, "bob").split("\n").length > sent.length);
    expect(heard(b, "bob").trimEnd().split("\n").toSorted()).toEqual(
      sent.map((text) => `[hosta:root -> hostb:bob] ${text}`).toSorted(),
    );
  });

  describe("a directive", () => {
    test("of the orchestrator puts the agent of the other host to sleep, and that is no death", async () => {
      await launchOn(a, "alice");
      await launchOn(b, "bob");
      const { status, output } = await runIn(a, "alice", "iapeer send bob --directive sleep --grace 1s --json");
      expect({ status, json: JSON.parse(output) as unknown }).toMatchObject({
        status: 0,
        json: { to: "bob", sender: "peer", directive: "sleep", effect: "sleep" },
      });
      expect(heard(b, "bob")).toBe(
        "[hosta:alice -> hostb:bob] hosta:alice asks you to sleep: put your work away, this session is stopped in 1 s\n",
      );
      expect(JSON.parse((await okOn(b, "list", "--json")).stdout)).toMatchObject([
        { personality: "bob", runtimes: [{ status: "stopped" }] },
      ]);
      expect(logOf(b, "exits.log")).toEqual([]);
      expect(logOf(b, "lifecycle.log").filter(({ ev }) => ev === "directive")).toMatchObject([
        { directive: "sleep", identity: "claude-bob", from: "hosta:alice", effect: "sleep" },
      ]);
    });

    test("of another agent is refused here, and nothing goes over", async () => {
      applyBoth(hosts, { aliceClass: "implementer" });
      await launchOn(a, "alice");
      const { status, output } = await runIn(a, "alice", "iapeer send bob --directive sleep --grace 0s --from alice");
      expect({ status, output }).toEqual({
        status: 4,
        output: 'error: alice may not "send --directive" bob: only a person, the fleet\'s orchestrator or a manager may\n',
      });
      expect(logOf(a, "lifecycle.log").filter(({ ev }) => ev === "not-authorized")).toMatchObject([
        { act: "send --directive", personality: "bob", by: "claude-alice" },
      ]);
      expect(logOf(b, "lifecycle.log")).toEqual([]);
    });

    test("of a person takes effect there, in their own words", async () => {
      await launchOn(b, "bob");
      expect((await okOn(a, "send", "bob", "--directive", "sleep", "--grace", "0s", "-m", "good night", "--verify")).stdout).toBe(
        "accepted by bob on hostb, which sleeps now\n",
      );
      expect(heard(b, "bob")).toBe("[hosta:root -> hostb:bob] good night\n");
    });
  });

  test("a person's ssh configuration counts, and nothing in it gets into the way", async () => {
    await launchOn(b, "bob");
    applyOn(a, [agentOf("bob", "implementer", { remote: { host: "hostb", ssh: "bee" } })]);
    const config = [
      "Host bee",
      `HostName ${b.address}`,
      "User root",
      "RemoteCommand echo no",
      "RequestTTY force",
      "ForwardAgent yes",
      "LocalForward 7777 127.0.0.1:1",
      "ExitOnForwardFailure yes",
      "PermitLocalCommand yes",
      `LocalCommand cat >${a.folder}/stolen`,
      "ControlMaster auto",
      `ControlPath ${a.folder}/control`,
      "ControlPersist yes",
      "LogLevel QUIET",
    ];
    writeFileSync(join(a.home, ".ssh/config"), `${config.join("\n  ")}\n`, { mode: 0o600 });
    writeFileSync(join(b.home, ".profile"), "echo hello from a start file\n");
    await okOn(a, "send", "bob", "-m", "one", "--verify");
    expect(heard(b, "bob")).toBe("[hosta:root -> hostb:bob] one\n");
    expect(existsSync(join(a.folder, "stolen"))).toBe(false);
    expect(existsSync(join(a.folder, "control"))).toBe(false);
  });

  test("a connection that the person holds open is used, and stays", async () => {
    await launchOn(b, "bob");
    writeFileSync(join(a.home, ".ssh/config"), `Host *\n  ControlPath ${a.folder}/control\n`, { mode: 0o600 });
    expect((await a.run(["ssh", "-fNM", `root@${b.address}`])).status).toBe(0);
    // Without a key of its own a second connection could not be made.
    writeFileSync(join(b.folder, "authorized_keys"), "");
    await okOn(a, "send", "bob", "-m", "one", "--verify");
    expect((await a.run(["ssh", "-O", "check", `root@${b.address}`])).status).toBe(0);
    await a.run(["ssh", "-O", "exit", `root@${b.address}`]);
  });

  test("a session's own process cannot speak for another host", async () => {
    await launchOn(b, "bob");
    const { status, output } = await runIn(b, "bob", "iapeer send bob -m hi --from hosta:alice --json");
    expect({ status, error: JSON.parse(output) as unknown }).toMatchObject({
      status: 4,
      error: { error: { code: "sender-mismatch" } },
    });
  });
});
