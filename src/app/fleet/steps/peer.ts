import { join } from "node:path";
import type { FoundPeer } from "../../../fleet/plan/types.ts";
import type { Agent } from "../../../model/agent.ts";
import { identityOf } from "../../../model/names.ts";
import type { HostView } from "../../host-view.ts";
import type { App } from "../../types.ts";

/** The registration of an agent. Without a declared folder it keeps the folder of its peer, or gets one of iapeer's own. */
export function requestOf(
  { layout }: Pick<App, "layout">,
  { name, runtime, workingDirectory, sharesFolder = false }: Agent,
  found: FoundPeer | undefined,
) {
  const cwd = workingDirectory ?? (found === undefined || found.isBeingRemoved ? join(layout.peersFolder, name) : found.cwd);
  return {
    personality: name,
    cwd,
    hasOwnFolder: workingDirectory !== undefined,
    isFolderShared: sharesFolder,
    runtimes: [runtime],
  };
}

/** Returns true while the session of an agent of this host is live. */
export function isLive({ runtime, name }: Agent, view: Pick<HostView, "statuses">): boolean {
  return view.statuses().of(identityOf(runtime, name)) === "live";
}
