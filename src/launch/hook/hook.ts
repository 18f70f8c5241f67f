import { readUptimeSecs } from "../../core/process/boot-id.ts";
import type { Host } from "../../core/host.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { renderPaneDiedHook } from "./pane-died.ts";

/** The slot of tmux' pane-died hook that is ours. The number keeps it out of the way of a person's own hook. */
export const PANE_DIED_HOOK = "pane-died[8317]";

/** The pane-died hook of an incarnation that is launched now: a tmux command. */
export function renderHookFor(
  { identity, incarnation, socket, launched_at: launchedAt }: Incarnation,
  { layout, tmux }: Pick<Host, "layout" | "tmux">,
): string {
  return renderPaneDiedHook({
    identity,
    incarnation,
    incarnationFolder: incarnationPaths(layout, identity, incarnation).folder,
    socket,
    tmux: tmux.path,
    exitsLog: layout.exitsLog,
    deathsFolder: layout.deathsFolder,
    launchedAt: new Date(launchedAt),
    launchedUptimeSecs: readUptimeSecs(),
  });
}
