import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { AgenticRuntime } from "../../model/runtimes.ts";

/** The state of a plugin before a change. */
export type Found = "none" | "enabled" | "disabled";

/** A reader of the answer to `plugin list --json` that finds one plugin. */
type OpenReader = (id: string, folder: string | undefined) => v.GenericSchema<unknown, Found>;

/** claude lists the installs of all folders. `enabled` is right for the folder that it runs in. */
const claudeList = v.array(
  v.looseObject({
    id: v.string(),
    scope: v.nullish(v.string()),
    enabled: v.nullish(v.boolean()),
    projectPath: v.nullish(v.string()),
  }),
);

/** codex lists the plugins of the host (openai/codex, pull request 25330). */
const codexList = v.looseObject({
  installed: v.array(v.looseObject({ pluginId: v.string(), installed: v.nullish(v.boolean()), enabled: v.nullish(v.boolean()) })),
});

/** The readers of `plugin list --json`, by runtime. The folder is resolved; a runtime with plugins for the host ignores it. */
export const LIST_READERS: Readonly<Record<AgenticRuntime, OpenReader>> = {
  claude: (id, folder) =>
    v.pipe(
      claudeList,
      v.transform((list) =>
        foundIn(list.find((each) => each.id === id && each.scope === "project" && isAt(each.projectPath, folder))),
      ),
    ),
  codex: (id) =>
    v.pipe(
      codexList,
      v.transform(({ installed }) => foundIn(installed.find((each) => each.pluginId === id && each.installed !== false))),
    ),
};

function foundIn(row: { readonly enabled?: boolean | null | undefined } | undefined): Found {
  if (row === undefined) return "none";
  return row.enabled === false ? "disabled" : "enabled";
}

function isAt(projectPath: string | null | undefined, folder: string | undefined): boolean {
  return projectPath !== undefined && projectPath !== null && resolveLinks(projectPath) === folder;
}

function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // The folder of another install may be gone.
    return resolve(path);
  }
}
