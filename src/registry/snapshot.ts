import type { Layout } from "../core/layout.ts";
import { findDifferences } from "./differences.ts";
import { peerNotFound } from "./edits.ts";
import { type RegistryFile, toPeer } from "./schema.ts";
import { refuseOtherRevision } from "./store.ts";
import type { Peer, Registry } from "./types.ts";

/** A registry file as the rest of iapeer sees it. Each part is made when it is first asked for. */
export function snapshotOf(file: RegistryFile, layout: Layout): Registry {
  let peers: readonly Peer[] | undefined;
  let byName: ReadonlyMap<string, Peer> | undefined;
  const all = () => (peers ??= file.peers.map(toPeer));
  const find = (personality: string) => {
    byName ??= new Map(all().map((peer) => [peer.personality, peer]));
    return byName.get(personality);
  };
  return {
    revision: file.revision,
    get peers() {
      return all();
    },
    find,
    require: (personality) => {
      const peer = find(personality);
      if (peer === undefined) throw peerNotFound(file, personality);
      return peer;
    },
    requireRevision: (expected) => refuseOtherRevision(file.revision, expected),
    without: (personalities) =>
      snapshotOf({ ...file, peers: file.peers.filter(({ personality }) => !personalities.has(personality)) }, layout),
    compareCards: () => findDifferences(file, layout),
  };
}
