import { existsSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { until } from "../../core/process/poll.ts";
import { signalProcess } from "../../core/process/signals.ts";
import type { Layout } from "../../core/layout.ts";
import type { Death, Forensics } from "../../status/deaths/types.ts";
import { readDeaths, readForensics } from "../../status/deaths/deaths.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import type { Host } from "../../core/host.ts";

/** The time for the record of an end: the hook is fast, and a recorder waits for its grace. */
const RECORD_MS = 8000;
const POLL_MS = 10;

/** The agent's words, and the end of the wait for the record. */
export interface EarlyEnd {
  readonly argv: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** The error for a process that ended within its first second: how it ended, and the last lines that it printed. */
export async function explainEarlyEnd(
  { identity, incarnation, server }: Incarnation,
  { argv, signal }: EarlyEnd,
  { layout }: Host,
): Promise<IapeerError> {
  const { recorded } = incarnationPaths(layout, identity, incarnation);
  // The process may have ended before its logger held the terminal (session-log.ts).
  if (server !== null) signalProcess(server, "SIGCHLD");
  await until(() => existsSync(recorded), { timeoutMs: RECORD_MS, everyMs: POLL_MS, signal });
  const { death, forensics } = findRecord({ identity, incarnation }, layout);
  const lastLines =
    forensics?.sections
      .find(({ name }) => name === "last lines")
      ?.text.trimEnd()
      .split("\n") ?? [];
  return new IapeerError("launch-failed", `${identity} ended within its first second: ${describeEnd(death)}`, {
    hint: death === undefined ? "see: iapeer deaths" : `see: iapeer deaths show ${death.id}`,
    details: {
      identity,
      argv,
      ...(death?.dead_status !== undefined && { dead_status: death.dead_status }),
      ...(death?.dead_signal !== undefined && { dead_signal: death.dead_signal }),
      last_lines: lastLines.filter((line) => line !== ""),
    },
  });
}

/** Nothing is found in logs that cannot be trusted: the launch fails for its own reason. */
function findRecord(
  { identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">,
  layout: Layout,
): { readonly death?: Death; readonly forensics?: Forensics } {
  try {
    const death = readDeaths(layout, { identities: [identity] }).find((one) => one.incarnation === incarnation);
    const forensics = death?.forensics === undefined ? undefined : readForensics(death.forensics);
    return { ...(death !== undefined && { death }), ...(forensics !== undefined && { forensics }) };
  } catch (error) {
    if (error instanceof IapeerError) return {};
    throw error;
  }
}

function describeEnd(
  death: { readonly dead_status?: number; readonly dead_signal?: string; readonly verdict: string } | undefined,
): string {
  if (death?.dead_signal !== undefined) return `signal ${death.dead_signal}`;
  if (death?.dead_status !== undefined) return `exit status ${death.dead_status}`;
  return death === undefined ? "how is not known yet" : death.verdict;
}
