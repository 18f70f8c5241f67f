import { fixRegistry, verifyRegistry } from "../registry/registry.ts";
import type { Difference } from "../registry/types.ts";
import { authorize } from "./authority.ts";
import type { App } from "./types.ts";

export interface VerifyRequest {
  /** Mend what can be mended. */
  readonly isFixing: boolean;
}

/** As `verify --json` prints it. */
export interface VerifyReport {
  /** Nothing differs any more. */
  readonly ok: boolean;
  readonly differences: readonly (Omit<Difference, "isFixable"> & { readonly fixable: boolean; readonly fixed: boolean })[];
  /** Where the bad registry was kept, if one was replaced. */
  readonly kept?: string;
}

/**
 * Compares the registry with the peers' own cards, and mends what differs when it is asked to. The signal ends the wait for the lock.
 *
 * @throws IapeerError `not-authorized`, and what fixRegistry throws.
 */
export async function verifyPeers(app: App, { isFixing }: VerifyRequest, signal: AbortSignal): Promise<VerifyReport> {
  if (isFixing) authorize(app, "verify --fix");
  const { layout, lockTimeoutMs, now } = app;
  const found = isFixing ? await fixRegistry(layout, { lockTimeoutMs, signal }, now()) : verifyRegistry(layout);
  const differences = found.differences.map(({ isFixable, ...rest }) => {
    return { ...rest, fixable: isFixable, fixed: isFixing && isFixable };
  });
  return { ok: differences.every(({ fixed }) => fixed), differences, ...(found.kept !== undefined && { kept: found.kept }) };
}
