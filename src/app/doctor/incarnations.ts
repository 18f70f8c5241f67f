import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Host } from "../../core/host.ts";
import type { Layout } from "../../core/layout.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { type Damaged, findDamaged } from "../../launch/damaged.ts";
import { sessionDamaged, sessionElsewhere } from "../../launch/refusals.ts";
import { IapeerError } from "../../model/errors.ts";
import { findElsewhere } from "../../status/elsewhere.ts";
import {
  incarnationPaths,
  isLiving,
  listDamaged,
  listIncarnations,
  listReadable,
  pointerPath,
  readCurrent,
} from "../../status/incarnation/incarnation.ts";
import { orGood, warning, warningOf } from "./check.ts";
import type { Check } from "./types.ts";

export type DoctorHost = Pick<Host, "layout" | "tmux">;

/** Finds saved sessions that cannot be read, those that go on all the same, and those that only another place can tell. */
export async function checkIncarnations(host: DoctorHost): Promise<readonly Check[]> {
  const identities = [...listIncarnations(host.layout).keys()];
  const problems = await Promise.all(
    identities.map(async (identity) => [
      ...findElsewhereOf(host.layout, identity),
      ...findUnnamed(host.layout, identity),
      ...(await findUnreadable(host, identity)),
    ]),
  );
  return orGood(problems.flat(), "sessions", "what is kept about sessions can be read");
}

function findElsewhereOf(layout: Layout, identity: string): Check[] {
  return listReadable(layout, identity).flatMap((one) => {
    const elsewhere = findElsewhere(layout, one);
    if (elsewhere === undefined) return [];
    const { folder } = incarnationPaths(layout, identity, one.incarnation);
    const hint = `${elsewhere.hint}; when that place is gone for good: rm -r ${quoteForSh(folder)}`;
    return [warningOf("sessions", sessionElsewhere(identity, { ...elsewhere, hint }))];
  });
}

/** A session that goes on, and that the identity's file does not name. */
function findUnnamed(layout: Layout, identity: string): Check[] {
  if (readCurrent(layout, identity) !== undefined) return [];
  const path = pointerPath(layout, identity);
  return listReadable(layout, identity)
    .filter((one) => isLiving(layout, one))
    .map((found) => {
      const { incarnation } = found;
      return warningOf("sessions", sessionDamaged(identity, { kind: "damaged", incarnation, path, found }));
    });
}

async function findUnreadable(host: DoctorHost, identity: string): Promise<Check[]> {
  const alive = new Map((await findDamagedOrNone(identity, host)).map((one) => [one.incarnation, one]));
  return listDamaged(host.layout, identity).flatMap((incarnation) => {
    const path = incarnationPaths(host.layout, identity, incarnation).session;
    const damaged = alive.get(incarnation);
    const isGone = `when that session is gone: rm -r ${quoteForSh(dirname(path))}`;
    if (damaged?.found !== undefined) return [warningOf("sessions", sessionDamaged(identity, damaged))];
    if (damaged !== undefined)
      return [
        { ...warningOf("sessions", sessionDamaged(identity, damaged)), hint: `no server with its stamp answers; ${isGone}` },
      ];
    return existsSync(path)
      ? [warning("sessions", `what is kept about a session of ${identity} cannot be read: ${path}`, `look at it; ${isGone}`)]
      : [];
  });
}

/** Without tmux no server can be asked. That is a row of its own. */
export async function findDamagedOrNone(identity: string, host: DoctorHost): Promise<Damaged[]> {
  return await findDamaged(identity, host).catch((error: unknown) => {
    if (error instanceof IapeerError) return [];
    throw error;
  });
}
