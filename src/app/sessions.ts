import { identityOf } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import type { LaunchContext } from "../core/host.ts";
import { peersOf } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";
import { type Context, logDecision } from "./app.ts";

/** What the floor of sessions may use, from what a verb has. */
export function launchContext(context: Context): LaunchContext {
  const { layout, env, now, lockTimeoutMs, output } = context;
  return { layout, env, now, lockTimeoutMs, note: (fields) => logDecision(context, fields), warn: output.warn };
}

/** Every identity of the registry, in its order. */
export function registeredIdentities(layout: Layout): string[] {
  return peersOf(readRegistry(layout)).flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => identityOf(runtime, personality)),
  );
}
