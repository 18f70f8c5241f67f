import { afterEach, beforeEach } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import { openSandbox, type Sandbox, until } from "./sandbox.ts";
import { prepareSessions, processesOf, registerBy } from "./session.ts";

export interface Bob {
  readonly sandbox: Sandbox;
  /** The events of exits.log or lifecycle.log. */
  readonly readLog: (name: "exits.log" | "lifecycle.log") => Record<string, string>[];
}

/**
 * Gives each test of a file a sandbox with the registered peer bob, in this runtime. At its end no process of the sandbox runs any more.
 */
export function useBob(runtime = "claude"): Bob {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = openSandbox();
    prepareSessions(sandbox);
    await registerBy(sandbox, "bob", runtime);
  });
  afterEach(async () => {
    if (processesOf(sandbox).length > 0) await sandbox.iapeer("stop", "--all");
    await until("nothing of the sandbox runs", () => processesOf(sandbox).length === 0);
    sandbox[Symbol.dispose]();
  });
  return {
    get sandbox() {
      return sandbox;
    },
    readLog: (name) => {
      const path = join(sandbox.root, "logs", "iapeer", name);
      return existsSync(path) ? parseEvents(readFileSync(path, "utf8")) : [];
    },
  };
}
