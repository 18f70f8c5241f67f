import { rmSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { readBootId } from "../../core/process/boot-id.ts";
import { ioError } from "../../model/errors.ts";
import { type Layout, socketPathOf } from "../../core/layout.ts";
import { incarnationPaths, pointerPath, saveIncarnation } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";

/**
 * A new incarnation of an identity, saved and made its current one before anything of it runs.
 *
 * @param sharedSocket the socket of a server that others use too; left out: the identity has one of its own
 */
export function mintIncarnation(
  layout: Layout,
  identity: string,
  { now, sharedSocket }: { readonly now: Date; readonly sharedSocket?: string | undefined },
): Incarnation {
  const fresh: Incarnation = {
    version: 1,
    incarnation: crypto.randomUUID(),
    identity,
    ...(sharedSocket === undefined ? { socket: socketPathOf(layout, identity) } : { socket: sharedSocket, shared: true }),
    launched_at: now.toISOString(),
    boot_id: readBootId(),
    server: null,
    pane: null,
  };
  saveIncarnation(layout, fresh);
  writeAtomically(pointerPath(layout, identity), `${fresh.incarnation}\n`);
  return fresh;
}

/** Takes away what is kept about an incarnation whose end is settled. */
export function forgetIncarnation(
  layout: Layout,
  { identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">,
): void {
  const { folder } = incarnationPaths(layout, identity, incarnation);
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    throw ioError("write-failed", "cannot take away", folder, error);
  }
}
