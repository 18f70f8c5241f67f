import { IapeerError } from "../../model/errors.ts";
import { readCanaries } from "../canaries.ts";
import { registeredIdentities } from "../choose.ts";
import type { App } from "../types.ts";
import { failure } from "./check.ts";
import { runChecks } from "./checks.ts";
import { checkAppliedFleet } from "./fleet.ts";
import { runSelfTest } from "./self-test.ts";
import { checkTmux } from "./tools.ts";
import type { Check, DoctorReport, DoctorRequest } from "./types.ts";

/**
 * Looks at everything that sessions and the records of their deaths stand on, and changes nothing. The self-test takes away what it made,
 * whatever happens.
 *
 * @returns undefined once the signal came: not everything was looked at.
 */
export async function examineHost(
  app: App,
  { isSelfTested }: DoctorRequest,
  signal: AbortSignal,
): Promise<DoctorReport | undefined> {
  const [checks, selfTest] = await Promise.all([lookAround(app, signal), isSelfTested ? testSelf(app, signal) : []]);
  if (signal.aborted) return undefined;
  const ok = [...checks, ...selfTest].every(({ state }) => state === "ok");
  return { ok, checks, self_test: selfTest };
}

/** Where the registry cannot be read, which is a row of its own, only the sockets are known. */
async function lookAround(app: App, signal: AbortSignal): Promise<readonly Check[]> {
  const { layout, env, now, tmux } = app;
  const identities = identitiesOrNone(app);
  const servers = readCanaries(layout, identities);
  const checks = await runChecks({ layout, env, tmux, now: now(), identities, servers }, signal);
  return [...checks, ...checkAppliedFleet(app)];
}

function identitiesOrNone(app: App): readonly string[] {
  try {
    return registeredIdentities(app);
  } catch (error) {
    if (error instanceof IapeerError) return [];
    throw error;
  }
}

async function testSelf({ env, now, tmux }: App, signal: AbortSignal): Promise<readonly Check[]> {
  if ((await checkTmux(tmux)).state === "error")
    return [failure("self-test", "not run: there is no tmux that could hold a session")];
  return await runSelfTest({ env, now, signal });
}
