import { identityOf } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { peersOf } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";

/** Every identity of the registry, in its order. */
export function registeredIdentities(layout: Layout): string[] {
  return peersOf(readRegistry(layout)).flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => identityOf(runtime, personality)),
  );
}
