import type { Agent } from "../../model/agent.ts";
import { IapeerError } from "../../model/errors.ts";
import { identityOf } from "../../model/names.ts";
import { refuseRealRootInSandbox } from "../../core/layout.ts";
import { openQueue, type Queue } from "../../core/process/queue.ts";
import { agentOfFile, platformOf } from "../../core/service/place.ts";
import { namedSocketPath } from "../../core/tmux.ts";
import { readApplied, writeApplied } from "../../fleet/applied.ts";
import { type Plan, type PlanFacts, type PlannedRow, runtimeThatGoes } from "../../fleet/plan/plan.ts";
import type { ApplySteps, Done, Stage } from "../../fleet/plan/run.ts";
import { launchIdentity } from "../../launch/start/start.ts";
import { isGood } from "../../model/provisioning.ts";
import { readRegistry, registrationCheck } from "../../registry/registry.ts";
import type { Registry } from "../../registry/types.ts";
import { readBootUnits } from "../../boot/state.ts";
import { readStatus } from "../../status/liveness/liveness.ts";
import { openBoot, readBootAgents, servicePlace, syncBoot } from "../boot.ts";
import { type Context, withTell } from "../app.ts";
import { findProgram } from "../../launch/runtime/runtime.ts";
import { planLaunch } from "../launch-plan.ts";
import { refuseLive } from "../remove.ts";
import { attachMemory, movePeerTo, NOT_MOVED, putPeer, requestOf, takeAway } from "./put-peer.ts";

export interface StepOptions {
  readonly plan: Plan;
  readonly facts: PlanFacts;
  readonly registry: Registry;
  /** The fleet file's path, as it is recorded. */
  readonly file: string;
  /** End the live sessions of those that go. */
  readonly isForced: boolean;
  /** Whether an agent of this host is to be launched when it is not live. */
  readonly isStarted: (name: string) => boolean;
  readonly signal: AbortSignal;
}

/** How the rows of a plan are done on this host. */
export function openSteps(options: StepOptions, context: Context): ApplySteps {
  // A turn in a queue is cheaper than a wait for the registry's lock, which this process itself holds.
  const serially = openQueue();
  const checkRegistration = registrationCheck(withoutLeaving(options.registry, options.plan));
  return {
    check: async (row) => checkRow(row, { ...options, checkRegistration }, context),
    announce: (added) => announceFleet(added, options, context),
    change: async (row, enter) =>
      await changeRow(row, { enter, serially, isForced: options.isForced, signal: options.signal }, context),
    record: (standing, failed) => recordFleet({ standing, failed }, options, context),
    units: readBootUnits(servicePlace(context)).isInstalled ? () => syncUnits(context) : undefined,
    isToLaunch: ({ agent, peer }) => agent !== undefined && options.isStarted(peer) && !isLive(agent, context),
    launch: async (row) => await launchRow(row, context),
  };
}

interface Checks extends StepOptions {
  readonly checkRegistration: ReturnType<typeof registrationCheck>;
}

function checkRow(row: PlannedRow, { facts, checkRegistration, isStarted, isForced }: Checks, context: Context): void {
  const { agent, found, peer, op, isMove } = row;
  if (agent?.remote !== undefined) return refuseLocalTwin(row, facts.isPruned(peer), context);
  if (op === "remove" && !isForced && found !== undefined)
    refuseLive(context, { personality: peer, runtimes: found.runtimes, hint: `stop it first: iapeer stop ${peer}` });
  if (agent === undefined) return;
  const leaving = runtimeThatGoes(row);
  const ended = isMove ? found!.runtimes : leaving === undefined ? [] : [leaving];
  if (ended.length > 0) refuseLive(context, { personality: peer, runtimes: ended, hint: `stop it first: iapeer stop ${peer}` });
  refuseRealRootInSandbox(context.env, requestOf(agent, found, context).cwd);
  // A folder that another peer is still to leave is looked at when it has.
  if (op !== "unchanged" && row.waitsOn.length === 0) checkRegistration(requestOf(agent, found, context));
  if (isStarted(peer) && facts.fleet.socketName !== undefined) namedSocketPath(context.env, facts.fleet.socketName);
  if (isStarted(peer)) findProgram({ cwd: requestOf(agent, found, context).cwd, runtime: agent.runtime }, context);
}

/** An agent that went to another host leaves this one with --prune; a peer that never was of the fleet is for a person to remove. */
function refuseLocalTwin({ peer, before, found }: PlannedRow, isPruned: boolean, context: Context): void {
  if (found === undefined) return;
  const isMember = before !== undefined && before.remote === undefined;
  if (isMember && isPruned)
    return refuseLive(context, { personality: peer, runtimes: found.runtimes, hint: `stop it first: iapeer stop ${peer}` });
  const hint = isMember ? "have it leave this one: iapeer fleet apply --prune" : `take it away here: iapeer remove ${peer}`;
  throw new IapeerError("peer-conflict", `${peer} is declared on another host, and registered on this one`, { hint });
}

/** The registry as it will be without the peers that go and those that change their folder. */
function withoutLeaving(registry: Registry, { rows }: Plan): Registry {
  const leaving = new Set(
    rows.filter(({ op, isMove, found }) => op === "remove" || isMove || found?.isBeingRemoved).map(({ peer }) => peer),
  );
  return registry.without(leaving);
}

interface Change {
  readonly enter: (stage: Stage) => void;
  readonly serially: Queue;
  readonly isForced: boolean;
  readonly signal: AbortSignal;
}

async function changeRow(row: PlannedRow, { enter, serially, isForced, signal }: Change, context: Context): Promise<Done> {
  const { agent, found, peer, isMove } = row;
  const voice = quiet(context);
  if (found !== undefined && (agent === undefined || agent.remote !== undefined || found.isBeingRemoved)) {
    enter("remove");
    await takeAway({ personality: peer, isForced }, voice.context, signal);
  }
  if (agent === undefined || agent.remote !== undefined)
    return { stage: agent === undefined ? "remove" : "record", ...voice.done() };
  enter("register");
  const moved =
    isMove && !found!.isBeingRemoved
      ? await movePeerTo(agent.workingDirectory!, found!, { serially, context: voice.context, signal })
      : NOT_MOVED;
  const { newborn, outcomes } = await serially(async () => await putPeer({ row, agent }, voice.context, signal));
  enter("memory");
  const runtimes = [...new Set([...moved.unborn, ...newborn])];
  const births = await attachMemory({ personality: peer, runtimes }, voice.context, signal);
  const bad = [...moved.outcomes, ...outcomes, ...births].filter((outcome) => !isGood(outcome));
  return {
    stage: births.length === 0 ? "register" : "memory",
    ...voice.done(liveHint(row, context)),
    ...(bad.length > 0 && { cause: "provider" as const }),
  };
}

/** What is said to the person while many rows are done at once goes into the row's message. */
function quiet(context: Context): { readonly context: Context; readonly done: (more?: string) => Pick<Done, "message"> } {
  const said: string[] = [];
  const warn = (line: string) => void said.push(line);
  const app = withTell(context.app, { warn, note: () => undefined });
  return {
    context: { ...context, ...app, app, output: { ...context.output, warn, note: () => undefined } },
    done: (more) => {
      const all = more === undefined ? said : [...said, more];
      return all.length === 0 ? {} : { message: all.join("; ") };
    },
  };
}

/** A session that runs was told of something else. */
function liveHint({ agent, changes, peer }: PlannedRow, context: Context): string | undefined {
  const isTold = changes.some((change) => ["class", "model_hint", "socket_name"].includes(change));
  if (agent === undefined || !isTold || !isLive(agent, context)) return undefined;
  return `${peer} is live: it changes with its next launch`;
}

function isLive({ runtime, name }: Agent, { layout }: Context): boolean {
  return readStatus(layout, identityOf(runtime, name)) === "live";
}

interface Outcome {
  readonly standing: readonly PlannedRow[];
  readonly failed: readonly PlannedRow[];
}

/** Until it is recorded as a member, who is added is one that --prune may take away: this apply may be killed. */
function announceFleet(added: readonly PlannedRow[], { facts, file }: StepOptions, { layout }: Context): void {
  const { agents = [], left = [], ...applied } = facts.applied ?? {};
  const known = new Set([...agents, ...left].map(({ name }) => name));
  const fresh = added.flatMap(({ agent, peer }) => (agent === undefined || known.has(peer) ? [] : agent));
  if (fresh.length > 0) writeApplied(layout, { file, ...applied, agents, left: [...left, ...fresh] });
}

/** What was not done is recorded as it was; who was registered and not more may be pruned. */
function recordFleet({ standing, failed }: Outcome, { plan, facts, file }: StepOptions, { layout }: Context): void {
  const failing = new Set(failed.map(({ peer }) => peer));
  const registered = new Set(readRegistry(layout).peers.map(({ personality }) => personality));
  const half = failed
    .filter(({ op, peer, before }) => op === "add" && before === undefined && registered.has(peer))
    .flatMap(({ agent }) => agent ?? []);
  const agents = plan.rows.map(({ peer, agent, before }) =>
    agent === undefined ? undefined : failing.has(peer) ? before : agent,
  );
  const staying = failed.filter(({ op }) => op === "remove").flatMap(({ before }) => before ?? []);
  if (standing.length === 0 && half.length === 0 && facts.applied === undefined) return;
  const { socketName } = facts.fleet;
  writeApplied(layout, {
    file,
    ...(socketName !== undefined && { socketName }),
    agents: agents.filter((agent) => agent !== undefined),
    left: [...plan.left, ...staying, ...half],
  });
}

/** The agents whose unit was not as it should be. One that is declared no more starts at no boot. */
function syncUnits(context: Context): ReadonlySet<string> {
  const boot = openBoot(context);
  const rows = syncBoot(readBootAgents(context), [], boot, context);
  return new Set(
    rows.filter(({ op }) => op !== "unchanged").flatMap(({ unit }) => agentOfFile(unit, platformOf(boot.place)) ?? []),
  );
}

async function launchRow({ agent, peer, found }: PlannedRow, context: Context): Promise<boolean> {
  if (agent === undefined || isLive(agent, context)) return false;
  const { cwd } = requestOf(agent, found, context);
  const fleet = readApplied(context.layout);
  const order = { personality: peer, runtime: agent.runtime, cwd, args: [], fleet };
  const { action } = await launchIdentity(planLaunch(context, order), context);
  return action === "launched";
}
