import { identityOf } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { type LaunchContext, logDecision } from "../core/host.ts";
import { peersOf } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";
import type { App } from "./types.ts";

/** What the floor of sessions may use, from what a use case has. */
export function launchContext(app: App): LaunchContext {
  const { layout, env, now, lockTimeoutMs, tell } = app;
  return { layout, env, now, lockTimeoutMs, note: (fields) => logDecision(app, fields), warn: tell.warn };
}

/** Every identity of the registry, in its order. */
export function registeredIdentities(layout: Layout): string[] {
  return peersOf(readRegistry(layout)).flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => identityOf(runtime, personality)),
  );
}
