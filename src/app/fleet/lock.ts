import { dirname } from "node:path";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import type { Context } from "../app.ts";

/**
 * Holds the fleet's lock: of two that apply, install or uninstall a fleet, one comes after the other.
 *
 * @throws IapeerError `lock-busy`.
 */
export async function withFleetLock<T>(
  { layout, lockTimeoutMs }: Pick<Context, "layout" | "lockTimeoutMs">,
  work: () => Promise<T> | T,
): Promise<T> {
  makeFolder(dirname(layout.fleetLock));
  return await withLock(layout.fleetLock, { timeoutMs: lockTimeoutMs }, work);
}
