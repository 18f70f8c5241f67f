import { readUptimeSecs } from "../../core/process/boot-id.ts";
import type { Layout } from "../../core/layout.ts";
import { findTmux } from "../../core/tmux.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { renderPaneDiedHook } from "./pane-died.ts";

/** The pane-died hook of one incarnation, launched now. */
export function renderHookFor({ identity, incarnation, socket, launched_at: launchedAt }: Incarnation, layout: Layout): string {
  return renderPaneDiedHook({
    identity,
    incarnation,
    incarnationFolder: incarnationPaths(layout, identity, incarnation).folder,
    socket,
    tmux: findTmux(),
    exitsLog: layout.exitsLog,
    deathsFolder: layout.deathsFolder,
    launchedAt: new Date(launchedAt),
    launchedUptimeSecs: readUptimeSecs(),
  });
}
