import { isAgentic } from "../model/runtimes.ts";
import { switchNative } from "../provision/native-memory/native-memory.ts";
import type { ProvisionRow } from "../provision/types.ts";
import { authorize } from "./authority.ts";
import { chooseTargets, type PeerChoice } from "./choose.ts";
import { refuseInterrupted } from "./memory.ts";
import type { App } from "./types.ts";

export interface NativeMemoryRequest {
  readonly direction: "off" | "on";
  readonly choice: PeerChoice;
}

/** As `native-memory --json` prints it. */
export interface NativeMemoryReport {
  /** No settings file was left alone. */
  readonly ok: boolean;
  /** A row for each peer and agentic runtime. */
  readonly outcomes: readonly ProvisionRow[];
}

/**
 * Switches the runtimes' own memory off or on. A settings file that does not parse is left alone, and its row says so.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `write-failed`, `interrupted`.
 */
export async function switchOwnMemory(
  app: App,
  { direction, choice }: NativeMemoryRequest,
  signal: AbortSignal,
): Promise<NativeMemoryReport> {
  authorize(app, "native-memory", choice.kind === "peer" ? choice.personality : undefined);
  const outcomes: ProvisionRow[] = [];
  for (const target of chooseTargets(app, choice).targets) {
    refuseInterrupted(signal);
    for (const runtime of target.runtimes.filter(isAgentic)) {
      outcomes.push(await switchNative(app, { target, runtime, direction }, signal));
    }
  }
  return { ok: outcomes.every(({ state }) => state !== "left-alone"), outcomes };
}
