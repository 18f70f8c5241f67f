import { mkdirSync } from "node:fs";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import type { RegistryRow } from "../../src/registry/schema.ts";
import type { Scratch } from "./scratch.ts";

/** A short wait for the lock, for tests that are not about waiting. */
export const AT_ONCE = { lockTimeoutMs: 1000 };

/** Makes a root in the scratch folder, and returns its layout. */
export function layoutIn(scratch: Scratch): Layout {
  const root = scratch.at("root");
  mkdirSync(root, { mode: 0o700 });
  return layoutFrom({ IAPEER_ROOT: root, HOME: scratch.path, IAPEER_TEST_SANDBOX: "1" });
}

/** A row of a peer in its default folder. */
export function rowOf(layout: Layout, personality: string, more: Readonly<Record<string, unknown>> = {}): RegistryRow {
  return {
    personality,
    default_runtime: "claude",
    runtimes: ["claude"],
    description: "",
    intelligence: "artificial",
    cwd: `${layout.peersFolder}/${personality}`,
    ...more,
  };
}
