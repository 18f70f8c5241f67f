import { accountName } from "../core/libc.ts";
import { IapeerError } from "../model/errors.ts";
import { parseIdentity } from "../model/names.ts";
import type { Env, Layout } from "../core/layout.ts";
import type { ProcessInfo } from "../core/process/process-table.ts";
import { isRunning, readProcess } from "../core/process/processes.ts";
import { listIncarnations, readCurrent } from "../status/incarnation/incarnation.ts";
import { readHostName } from "../core/host.ts";
import { type Party, parseParty, tameName } from "../model/party.ts";

/** The caller: an agent of this root, or else a person at this account. */
export type Sender =
  | { readonly kind: "peer"; readonly name: string; readonly identity: string }
  | { readonly kind: "person"; readonly name: string };

/**
 * Tells from the process table who calls. A process that descends from the pane of a live session, or belongs to its terminal's session,
 * is that peer. The environment only says which session to look at first.
 */
export function identifySender(layout: Layout, env: Env): Sender {
  const ancestors = readAncestors();
  const hinted = env["PEER_IDENTITY"] ?? "";
  const identities = [...listIncarnations(layout).keys()];
  const ordered = identities.includes(hinted) ? [hinted, ...identities.filter((one) => one !== hinted)] : identities;
  const found = ordered
    .map((identity) => ({ identity, depth: depthBelow(layout, identity, ancestors) }))
    .filter(({ depth }) => depth !== -1);
  // An agent that runs in another's pane is the one that calls.
  const nearest = found.toSorted((a, b) => a.depth - b.depth)[0];
  const personality = nearest === undefined ? undefined : parseIdentity(nearest.identity)?.personality;
  if (nearest !== undefined && personality !== undefined) return { kind: "peer", name: personality, identity: nearest.identity };
  return { kind: "person", name: tameName(accountName()) };
}

/**
 * The party in whose name a message is sent. A person may send in a peer's name, and may hand on a message of another host
 * (`HOST:NAME`), as the iapeer of that host does over ssh.
 *
 * @param isPeer whether a name is a registered peer's
 * @throws IapeerError `sender-mismatch`: a peer cannot be another; `peer-not-found`.
 */
export function chooseAuthor(sender: Sender, wanted: string | undefined, isPeer: (name: string) => boolean): Party {
  const host = readHostName();
  if (wanted === undefined || wanted === sender.name) return { host, name: sender.name };
  if (sender.kind === "peer") {
    throw new IapeerError("sender-mismatch", `this is ${sender.name} (${sender.identity}), who cannot send as ${wanted}`, {
      hint: "leave --from out",
      details: { personality: sender.name, identity: sender.identity },
    });
  }
  const elsewhere = parseParty(wanted);
  if (elsewhere !== undefined) return elsewhere;
  if (isPeer(wanted)) return { host, name: wanted };
  throw new IapeerError("peer-not-found", `no peer is called ${wanted}, and it is not your own name (${sender.name})`, {
    hint: "see: iapeer list",
    details: { personality: wanted },
  });
}

/** This process and those above it, the nearest first. */
function readAncestors(): ProcessInfo[] {
  const ancestors: ProcessInfo[] = [];
  for (let found = readProcess(process.pid); found !== undefined; found = readProcess(found.ppid)) ancestors.push(found);
  return ancestors;
}

/** How far below an identity's live pane this process is; -1 when it is not below it. */
function depthBelow(layout: Layout, identity: string, ancestors: readonly ProcessInfo[]): number {
  const current = readCurrent(layout, identity);
  if (!current?.server || current.pane === null || !isRunning(current.pane) || !isRunning(current.server)) return -1;
  const { pid, start } = current.pane;
  return ancestors.findIndex((one) => (one.pid === pid && one.start === start) || one.sid === pid);
}
