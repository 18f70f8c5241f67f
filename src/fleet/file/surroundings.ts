import { existsSync } from "node:fs";
import { join } from "node:path";
import { isBuiltIn } from "../../model/runtimes.ts";
import { type Env, homeFrom, type Layout, resolveLinks } from "../../core/layout.ts";

/** What a fleet file is checked against, beside itself. */
export interface Surroundings {
  /** What `~` stands for. */
  readonly home: string;
  /** The folder that an agent without one of its own gets. */
  readonly defaultFolder: (name: string) => string;
  /** Whether iapeer could start this runtime on this host. */
  readonly hasRuntime: (runtime: string) => boolean;
  /** The same place by its one name, for comparing; the path itself where nothing is there. */
  readonly resolveLinks: (path: string) => string;
}

/** This host, with this root. */
export function surroundingsOf(layout: Layout, env: Env): Surroundings {
  return {
    home: homeFrom(env),
    defaultFolder: (name) => join(layout.peersFolder, name),
    hasRuntime: (runtime) =>
      isBuiltIn(runtime) ||
      existsSync(join(layout.runtimesFolder, runtime, "runtime.json")) ||
      Bun.which(`${runtime}-runtime`, { PATH: env["PATH"] ?? "" }) !== null,
    resolveLinks: (path) => {
      try {
        return resolveLinks(path);
      } catch {
        // A folder that may not be looked into: told when an agent is started there, and compared by its name here.
        return path;
      }
    },
  };
}
