// Agents of other hosts, as this host's commands see them: no host is needed for that.
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { agentOf } from "../support/host-fleet.ts";
import { declareLineReaders, launchPeer } from "../support/session.ts";
import { prepareShared } from "../support/shared-server.ts";

const bob = useBob();

function applyFleet(...names: string[]): void {
  const remote = { host: "yard", ssh: "me@10.1.10.37" };
  writeApplied(layoutFrom(bob.sandbox.env), {
    file: "/fleets/fleet.yaml",
    agents: names.map((name) => agentOf(name, "implementer", { remote })),
    left: [],
  });
}

const errorOf = async (...args: string[]) => {
  const end = await bob.sandbox.iapeer(...args, "--json");
  return { ...errorLine(end), status: end.status };
};

describe("an agent of another host", () => {
  test.each([
    ["attach", "ssh -t me@10.1.10.37 iapeer attach far"],
    ["watch", "ssh -t me@10.1.10.37 iapeer watch far"],
    ["tail", "ssh me@10.1.10.37 iapeer tail far"],
    ["screen", "ssh me@10.1.10.37 iapeer screen far"],
    ["launch", "ssh me@10.1.10.37 iapeer launch far"],
    ["heartbeat", "ssh me@10.1.10.37 iapeer heartbeat far"],
  ])("is not for %s, which says what to type", async (verb, hint) => {
    applyFleet("far");
    expect(await errorOf(verb, "far")).toMatchObject({
      code: "peer-not-found",
      status: 3,
      message: "far is no peer of this host: the fleet has it on yard",
      hint,
    });
  });

  test("is shown as the fleet has it, and as nobody looked at it", async () => {
    applyFleet("far");
    expect(await bob.sandbox.json("show", "far")).toEqual({
      personality: "far",
      default_runtime: "claude",
      runtimes: [{ runtime: "claude", status: "remote" }],
      class: "implementer",
      host: "yard",
      ssh: "me@10.1.10.37",
      cwd: null,
    });
    const { stdout } = await ok(bob.sandbox, "show", "far");
    expect(stdout).toContain("look at it:    ssh me@10.1.10.37 iapeer show far\n");
    expect(await errorOf("show", "near")).toMatchObject({ code: "peer-not-found", message: "no peer is called near" });
  });

  test("that is not in the fleet as it was applied is no peer at all", async () => {
    applyFleet("far");
    expect(await errorOf("send", "near", "-m", "a")).toMatchObject({
      code: "peer-not-found",
      status: 3,
      message: "no peer is called near",
    });
    expect(await errorOf("tail", "near")).toMatchObject({ code: "peer-not-found", message: "no peer is called near" });
  });

  test("with the name of a peer of this host is refused, and nothing is guessed", async () => {
    await launchPeer(bob.sandbox, "bob");
    applyFleet("bob");
    expect(await errorOf("send", "bob", "-m", "a")).toMatchObject({
      code: "peer-ambiguous",
      status: 4,
      details: { personality: "bob", host: "yard" },
    });
  });

  test("needs ssh", async () => {
    applyFleet("far");
    mkdirSync(join(bob.sandbox.folder, "empty"));
    const end = await bob.sandbox.iapeerWith({ PATH: join(bob.sandbox.folder, "empty") }, "send", "far", "-m", "a", "--json");
    expect({ ...errorLine(end), status: end.status }).toMatchObject({
      code: "program-not-found",
      status: 3,
      message: "ssh is not installed, or not on PATH",
    });
  });

  test("that ssh cannot go to is not reached: nothing in the fleet's state is an option of ssh", async () => {
    const remote = { host: "yard", ssh: `-oProxyCommand=touch\${IFS}${bob.sandbox.folder}/hit` };
    writeApplied(layoutFrom(bob.sandbox.env), {
      file: "/fleets/fleet.yaml",
      agents: [agentOf("far", "implementer", { remote })],
      left: [],
    });
    expect(await errorOf("send", "far", "-m", "a")).toMatchObject({ code: "fleet-state-corrupt", status: 5 });
  });
});

describe("a fleet state that cannot be read", () => {
  test("does not keep a message from a peer of this host", async () => {
    await launchPeer(bob.sandbox, "bob");
    bob.sandbox.write(join(bob.sandbox.root, "state/iapeer/fleet.json"), "{");
    declareLineReaders(bob.sandbox);
    const { stdout, stderr, status } = await ok(bob.sandbox, "send", "bob", "-m", "a");
    expect({ stdout, status }).toEqual({ stdout: "sent to claude-bob\n", status: 0 });
    expect(stderr).toStartWith("warning: what was last applied of the fleet cannot be read");
  });

  test("is an error where it has to be asked", async () => {
    bob.sandbox.write(join(bob.sandbox.root, "state/iapeer/fleet.json"), "{");
    expect(await errorOf("send", "far", "-m", "a")).toMatchObject({ code: "fleet-state-corrupt", status: 5 });
  });
});

describe("--socket", () => {
  test("is where the session must be, by its path or by a name", async () => {
    const { socket } = await launchPeer(bob.sandbox, "bob");
    declareLineReaders(bob.sandbox);
    await ok(bob.sandbox, "send", "bob", "-m", "a", "--socket", socket);
    const named = prepareShared(bob.sandbox);
    expect(await errorOf("send", "bob", "-m", "a", "--socket", "work")).toMatchObject({
      code: "peer-not-live",
      status: 4,
      message: `claude-bob is live, but not on the socket ${named}: it is on ${socket}`,
    });
  });
});
