import type { ErrorView } from "../model/errors.ts";
import { launchPeer, type LaunchJson, type LaunchReport, type LaunchRequest, toLaunchJson } from "./launch.ts";
import { chooseMany, forEachTarget, type ManyEnd, type ManyRequest } from "./many.ts";
import type { App } from "./types.ts";

export interface LaunchManyRequest extends ManyRequest, Pick<LaunchRequest, "socketName" | "unlessStopped"> {}

/** A row of `launch --all --json`. */
export type LaunchRowJson = LaunchJson | { readonly identity: string; readonly action: "failed"; readonly error: ErrorView };

export function toLaunchRowJson(end: ManyEnd<LaunchReport>): LaunchRowJson {
  return "value" in end ? toLaunchJson(end.value) : { identity: end.target.identity, action: "failed", error: end.error };
}

/**
 * Launches the sessions of many peers of this host, several at once. Each is launched as launchPeer does it, for as far as its caller may.
 *
 * @throws IapeerError what chooseMany throws.
 */
export async function launchMany(
  app: App,
  { socketName, unlessStopped = false, ...many }: LaunchManyRequest,
  signal: AbortSignal,
): Promise<ManyEnd<LaunchReport>[]> {
  const here = chooseMany(app, many).filter(({ host }) => host === undefined);
  const launch = async ({ personality, runtime }: (typeof here)[number]) =>
    await launchPeer(app, { personality, runtime, args: [], socketName, unlessStopped }, signal);
  return await forEachTarget(here, launch, signal);
}
