// The fate of a message to another host when something is in its way; see two-hosts.test.ts.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorLine } from "../support/calls.ts";
import { applyBoth, errorOn, heard, launchOn, okOn } from "../support/host-fleet.ts";
import { type Host, type Hosts, openHosts, whyNoHosts } from "../support/hosts.ts";
import { until } from "../support/sandbox.ts";

const why = whyNoHosts();
if (why !== undefined) console.warn(`the tests with two hosts are skipped: ${why}`);

let hosts: Hosts;
let a: Host;
let b: Host;

describe.skipIf(why !== undefined)(why === undefined ? "between two hosts" : `between two hosts (skipped: ${why})`, () => {
  beforeEach(async () => {
    hosts = await openHosts();
    ({ a, b } = hosts);
    applyBoth(hosts);
  });
  afterEach(async () => await hosts[Symbol.asyncDispose]());

  describe("nothing is sent, and it is said why,", () => {
    test("when the cable is out", async () => {
      await launchOn(b, "bob");
      await hosts.link("down");
      const error = await errorOn(a, "send", "bob", "-m", "one");
      expect(error).toMatchObject({
        code: "host-unreachable",
        status: 1,
        stdout: "",
        hint: `try it by hand: ssh root@${b.address} true`,
      });
      expect(error.message).toStartWith("hostb cannot be reached, and nothing was sent: ssh: connect to host 10.213.7.2");
    });

    test("when the sshd there takes the connection and says nothing", async () => {
      hosts.hangSshd();
      expect(await errorOn(a, "send", "bob", "-m", "one")).toMatchObject({
        code: "host-unreachable",
        status: 1,
        message: expect.stringContaining("timed out"),
      });
    });

    test("when the other host's key is not known: nobody is asked", async () => {
      await launchOn(b, "bob");
      rmSync(join(a.home, ".ssh/known_hosts"));
      expect(await errorOn(a, "send", "bob", "-m", "one")).toMatchObject({
        code: "host-unreachable",
        message: "hostb cannot be reached, and nothing was sent: Host key verification failed.",
      });
      expect(existsSync(join(a.home, ".ssh/known_hosts"))).toBe(false);
    });

    test("when the key is not taken there", async () => {
      writeFileSync(join(b.folder, "authorized_keys"), "");
      const error = await errorOn(a, "send", "bob", "-m", "one");
      expect(error).toMatchObject({ code: "host-unreachable", status: 1 });
      expect(error.message).toContain("Permission denied");
    });

    test("when there is no iapeer where sshd looks; $IAPEER_REMOTE_BIN says where it is", async () => {
      await launchOn(b, "bob");
      mkdirSync(join(b.home, "tools"));
      renameSync(join(b.folder, "bin/iapeer"), join(b.home, "tools/iapeer"));
      const error = await errorOn(a, "send", "bob", "-m", "one");
      expect(error).toMatchObject({ code: "host-without-iapeer", status: 1 });
      expect(error.message).toStartWith("iapeer cannot be run on hostb, and nothing was sent: ");
      const program = join(a.folder, "bin/iapeer");
      const found = await a.run([program, "send", "bob", "-m", "two"], { env: { IAPEER_REMOTE_BIN: "~/tools/iapeer" } });
      expect(found.stdout).toBe("sent to bob on hostb\n");
      await until("it is read", () => heard(b, "bob") === "[hosta:root -> hostb:bob] two\n");
      expect((await a.run([program, "send", "bob", "-m", "x"], { env: { IAPEER_REMOTE_BIN: "x; rm -rf y" } })).status).toBe(2);
      renameSync(join(b.home, "tools/iapeer"), join(b.folder, "bin/iapeer"));
    });

    test("when the peer is not live there, or not known: with that iapeer's code, status and hint", async () => {
      expect(await errorOn(a, "send", "bob", "-m", "one")).toMatchObject({
        code: "peer-not-found",
        status: 3,
        message: "hostb: no peer is called bob",
        hint: "on hostb: see: iapeer list",
      });
      await okOn(b, "add", "bob");
      expect(await errorOn(a, "send", "bob", "-m", "one")).toMatchObject({
        code: "peer-not-live",
        status: 4,
        message: "hostb: claude-bob is not live",
        details: { host: "hostb" },
      });
    });

    test("when it is not on the tmux server that the fleet names", async () => {
      await launchOn(b, "bob");
      applyBoth(hosts, { socket: "work" });
      const error = await errorOn(a, "send", "bob", "-m", "one");
      expect(error).toMatchObject({ code: "peer-not-live", status: 4 });
      expect(error.message).toContain(`not on the socket ${b.root}/tmux-0/work`);
      applyBoth(hosts, { socket: join(b.root, "socks/tmux-iap-claude-bob.sock") });
      await okOn(a, "send", "bob", "-m", "two");
      await until("it is read", () => heard(b, "bob") === "[hosta:root -> hostb:bob] two\n");
    });

    test("when it would be handed on a second time", async () => {
      expect(await errorOn(b, "send", "alice", "-m", "one", "--from", "hostc:eve")).toMatchObject({
        code: "peer-not-found",
        status: 3,
        message: "alice is no peer of this host: the fleet has it on hosta",
      });
    });
  });

  describe("what became of it cannot be told", () => {
    /** In the place of iapeer on the other host: takes the text, and then goes wrong. */
    const goWrong = (body: string) => {
      rmSync(join(b.folder, "bin/iapeer"));
      b.script("bin/iapeer", `cat >'${b.folder}/took'\n${body}`);
    };

    test("when the cable comes out after the text went", async () => {
      goWrong("sleep 60");
      const call = a.iapeer("send", "bob", "-m", "one", "--json");
      await until(
        "the text is there",
        () => existsSync(join(b.folder, "took")) && readFileSync(join(b.folder, "took"), "utf8") === "one",
      );
      await hosts.link("down");
      const { status, stdout, stderr } = await call;
      expect({ status, json: JSON.parse(stdout) as unknown }).toEqual({
        status: 1,
        json: { to: "bob", host: "hostb", from: "root", sender: "person", state: "unknown" },
      });
      expect(stderr).toStartWith("warning: the connection to hostb was lost after the text was sent: ");
    });

    test("when that iapeer is killed", async () => {
      goWrong("kill -s KILL $$");
      const { status, stdout } = await a.iapeer("send", "bob", "-m", "one");
      expect({ status, stdout }).toEqual({ status: 1, stdout: "sent, and not known to have reached bob on hostb\n" });
    });

    test("when a signal ends it meanwhile; no ssh is left", async () => {
      goWrong("sleep 60");
      const timeout = ["timeout", "--foreground", "--preserve-status", "--signal=TERM", "2"];
      const end = await a.run([...timeout, join(a.folder, "bin/iapeer"), "send", "bob", "-m", "one", "--json"]);
      expect(readFileSync(join(b.folder, "took"), "utf8")).toBe("one");
      expect(errorLine(end)).toMatchObject({
        code: "interrupted",
        message: "stopped while it was sent to hostb: it cannot be told whether bob has the message",
      });
      expect(end.status).toBe(143);
      expect((await a.run(["sh", "-c", "cat /proc/[0-9]*/comm"])).stdout.split("\n")).not.toContain("ssh");
    });

    test("and an answer that is none is an error", async () => {
      goWrong("echo '{\"state\": \"sent\"}'; echo 'odd \u001b[31mwords' >&2");
      expect(await errorOn(a, "send", "bob", "-m", "one")).toMatchObject({
        code: "send-failed",
        status: 1,
        message:
          "the program that runs as iapeer on hostb gave no answer that can be read (exit status 0), and it cannot be told whether bob has the message: odd ?[31mwords",
      });
    });
  });
});
