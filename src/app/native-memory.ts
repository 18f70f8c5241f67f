import { isAgentic } from "../model/runtimes.ts";
import type { ProvisionRow } from "../provision/attach.ts";
import { switchNative } from "../provision/native-memory-step.ts";
import { chooseTargets, type PeerChoice } from "./choose.ts";
import { providerTools } from "./memory.ts";
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
 * @throws IapeerError `peer-not-found`, `lock-busy`, `write-failed`.
 */
export async function switchOwnMemory(app: App, { direction, choice }: NativeMemoryRequest): Promise<NativeMemoryReport> {
  const outcomes: ProvisionRow[] = [];
  for (const target of chooseTargets(app, choice).targets) {
    for (const runtime of target.runtimes.filter(isAgentic)) {
      outcomes.push(await switchNative(target, runtime, { ...app, direction, tools: providerTools(app) }));
    }
  }
  return { ok: outcomes.every(({ state }) => state !== "left-alone"), outcomes };
}
