import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok } from "../support/calls.ts";
import { isKernelLogReadable, openMemoryFolder } from "../support/memory-cgroup.ts";
import { openSandbox, until } from "../support/sandbox.ts";
import { launchPeer, prepareSessions, processesOf, tellAgent } from "../support/session.ts";

const memoryFolder = openMemoryFolder(30_000_000);

test.skipIf(memoryFolder === undefined || !isKernelLogReadable)(
  "an agent that the kernel really killed for memory is an oom-kill, and not just killed",
  async () => {
    using sandbox = openSandbox();
    prepareSessions(sandbox);
    sandbox.env["IAPEER_CLAUDE_BIN"] = sandbox.script("hungry", "read -r _; exec tail /dev/zero");
    await ok(sandbox, "add", "bob");
    await using session = Object.assign(await launchPeer(sandbox, "bob"), {
      [Symbol.asyncDispose]: async () => void (await sandbox.iapeer("stop", "bob")),
    });
    writeFileSync(join(memoryFolder!, "cgroup.procs"), String(session.agent.pid));
    await tellAgent(session, "eat");
    await until("its end is recorded", async () => (await sandbox.json("deaths")).length === 1);
    const [death] = await sandbox.json("deaths");
    expect(death).toMatchObject({ ev: "session-exit", dead_signal: "KILL", verdict: "oom-kill" });
    const { reasons } = (await sandbox.json("deaths", "show", death.id)) as { reasons: string[] };
    expect(reasons.join()).toContain(`Killed process ${session.agent.pid} (`);
    await until("nothing of the sandbox runs", () => processesOf(sandbox).length === 0);
  },
);
