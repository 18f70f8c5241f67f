import { accountName } from "../core/libc.ts";
import { IapeerError } from "../model/errors.ts";
import { parseIdentity } from "../model/names.ts";
import type { Env, Layout } from "../core/layout.ts";
import type { ProcessInfo } from "../core/process/process-table.ts";
import { readProcess } from "../core/process/processes.ts";
import { isAgentRunning, listIncarnations, readIncarnation } from "../status/incarnation/incarnation.ts";
import { findElsewhere } from "../status/elsewhere.ts";
import type { Incarnation } from "../status/incarnation/types.ts";
import { readHostName } from "../core/host.ts";
import { hashToken, TOKEN_VARIABLE } from "./token.ts";
import { type Party, parseParty, tameName } from "../model/party.ts";

/** The caller: an agent of this root, or else a person at this account. */
export type Sender =
  | {
      readonly kind: "peer";
      readonly name: string;
      readonly identity: string;
      /** The life of its session that calls. */
      readonly incarnation: string;
    }
  | { readonly kind: "person"; readonly name: string };

/**
 * Tells who calls, from the process table. A process that descends from the pane of an agent that lives, or belongs to its terminal's
 * session, is that agent. A process that has lost both is the agent whose token it still has in its environment. No other word of the
 * environment counts. Every other process is a person's.
 */
export function identifySender(layout: Layout, env: Env): Sender {
  const saved = listSaved(layout);
  const found = findNearest(saved, readAncestors()) ?? findByToken(saved, env[TOKEN_VARIABLE], layout);
  const name = found === undefined ? undefined : parseIdentity(found.identity)?.personality;
  if (found === undefined || name === undefined) return { kind: "person", name: tameName(accountName()) };
  return { kind: "peer", name, identity: found.identity, incarnation: found.incarnation };
}

/** The agent whose pane is the nearest above the caller: an agent that runs in another's pane is the one that calls. */
function findNearest(saved: readonly Incarnation[], ancestors: readonly ProcessInfo[]): Incarnation | undefined {
  return saved
    .map((one) => ({ one, depth: depthBelow(one, ancestors) }))
    .filter(({ one, depth }) => depth !== -1 && isAgentRunning(one))
    .toSorted((a, b) => a.depth - b.depth)[0]?.one;
}

/** The agent that has a token. A token ends with its agent, and counts where its agent cannot be seen: a runtime may call from a sandbox. */
function findByToken(saved: readonly Incarnation[], token: string | undefined, layout: Layout): Incarnation | undefined {
  if (token === undefined) return undefined;
  const hash = hashToken(token);
  const found = saved.find((one) => one.token_hash === hash);
  return found !== undefined && (isAgentRunning(found) || findElsewhere(layout, found) !== undefined) ? found : undefined;
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

/** Every saved incarnation that reads. One that a damaged pointer no longer names has an agent all the same. */
function listSaved(layout: Layout): Incarnation[] {
  return [...listIncarnations(layout)]
    .flatMap(([identity, uuids]) => uuids.map((uuid) => readIncarnation(layout, identity, uuid)))
    .filter((one) => one !== undefined);
}

/** How far below an incarnation's pane the caller is; -1 when it is not below it. */
function depthBelow({ pane }: Incarnation, ancestors: readonly ProcessInfo[]): number {
  if (pane === null) return -1;
  return ancestors.findIndex(({ pid, start, sid }) => (pid === pane.pid && start === pane.start) || sid === pane.pid);
}
