import { identityOf } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { readRegistry } from "../registry/registry.ts";

/** Every identity of the registry, in its order. */
export function registeredIdentities(layout: Layout): string[] {
  return readRegistry(layout).peers.flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => identityOf(runtime, personality)),
  );
}
