import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readBootId } from "../../core/process/boot-id.ts";
import { goodState, readState, type StateFile, writeState } from "../../core/disk/state-file.ts";
import { inspectTrusted } from "../../core/disk/trust.ts";
import { checkFields, type FieldRule, oneOf, required, TEXT } from "../../core/text/fields.ts";
import type { Layout } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isPid, isRunning } from "../../core/process/processes.ts";

/** The pane that the agent itself runs in. */
export interface AgentPane extends ProcessId {
  /** tmux' own id ("%0"), which only means something to this server. */
  readonly id: string;
}

/** One life of an identity's session, from its launch to its end. */
export interface Incarnation {
  readonly version: 1;
  /** A UUID that nothing else ever has. */
  readonly incarnation: string;
  readonly identity: string;
  readonly socket: string;
  /** true: others have sessions on its server too, which is none of ours. Left out: the server is its own. */
  readonly shared?: boolean;
  readonly launched_at: string;
  /** The boot that it was launched in; empty where that cannot be told. */
  readonly boot_id: string;
  /** null while the server is being started. */
  readonly server: ProcessId | null;
  /** null until the session stands, and for a server that was found running without a pane of ours. */
  readonly pane: AgentPane | null;
  /** The model that an agent of a fleet with a model_hint was started with, as far as iapeer was told. */
  readonly model?: string;
}

/** Where what is kept about one incarnation lies. */
export interface IncarnationPaths {
  readonly folder: string;
  readonly session: string;
  /** The recorder's script, its lock, and who it is. */
  readonly script: string;
  readonly lock: string;
  readonly canary: string;
  /** There: its logger holds the terminal of the agent's pane. */
  readonly held: string;
  /** There: its end is wanted. */
  readonly claim: string;
  /** There: its end is in exits.log. */
  readonly recorded: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function incarnationPaths(layout: Layout, identity: string, incarnation: string): IncarnationPaths {
  const folder = join(layout.stateFolder, `${identity}.${incarnation}`);
  const at = (name: string) => join(folder, name);
  return {
    folder,
    session: at("session.json"),
    script: at("canary.sh"),
    lock: at("canary.lock"),
    canary: at("canary.json"),
    held: at("held"),
    claim: at("claim"),
    recorded: at("recorded"),
  };
}

/** The line in the log of what sessions printed that says where one of them begins. */
export function launchMark({ identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">): string {
  return `== ${identity} launched: ${incarnation} ==`;
}

/** The file that names the incarnation an identity has now, or had last. */
export function pointerPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.session`);
}

/** Held while one of launch, stop, arm, dismiss or supervise is at work on an identity. */
export function identityLockPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.lock`);
}

/** The UUID of the incarnation that an identity has now, or had last; undefined: none that can be told. */
export function readPointer(layout: Layout, identity: string): string | undefined {
  const reading = inspectTrusted(pointerPath(layout, identity), { what: "the session's state" });
  const incarnation = reading.kind === "found" ? reading.bytes.toString("latin1").trim() : "";
  return UUID.test(incarnation) ? incarnation : undefined;
}

/** That incarnation, as far as it can be read. */
export function readCurrent(layout: Layout, identity: string): Incarnation | undefined {
  const incarnation = readPointer(layout, identity);
  return incarnation === undefined ? undefined : readIncarnation(layout, identity, incarnation);
}

/** One incarnation as it was saved; undefined when it is not there or does not read: then nothing is done to it. */
export function readIncarnation(layout: Layout, identity: string, incarnation: string): Incarnation | undefined {
  const saved = goodState(readState(incarnationPaths(layout, identity, incarnation).session, sessionFile));
  return saved?.identity === identity && saved.incarnation === incarnation ? saved : undefined;
}

/** Writes what is known of an incarnation. Throws IapeerError `write-failed`. */
export function saveIncarnation(layout: Layout, incarnation: Incarnation): void {
  writeState(incarnationPaths(layout, incarnation.identity, incarnation.incarnation).session, incarnation, sessionFile);
}

/** Every identity that something is kept of here, with its incarnations. */
export function listIncarnations(layout: Layout): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of namesIn(layout.stateFolder)) {
    const dot = name.indexOf(".");
    const [identity, incarnation] = [name.slice(0, dot), name.slice(dot + 1)];
    if (UUID.test(incarnation)) found.set(identity, [...(found.get(identity) ?? []), incarnation]);
  }
  return found;
}

/** Whether the very server of an incarnation runs: a process of another boot never is it, whatever its pid and its start. */
export function isServerRunning({ server, boot_id: bootId }: Incarnation): boolean {
  return server !== null && isRunning(server) && isOfThisBoot(bootId);
}

/** The same of the process in the agent's pane. */
export function isAgentRunning({ pane, boot_id: bootId }: Incarnation): boolean {
  return pane !== null && isRunning(pane) && isOfThisBoot(bootId);
}

/**
 * Whether an incarnation goes on, as far as processes and files tell: its server runs, and on one that it shares its agent too, of which
 * no end was recorded.
 */
export function isLiving(layout: Layout, one: Incarnation): boolean {
  if (!isServerRunning(one)) return false;
  return !one.shared || (isAgentRunning(one) && !existsSync(incarnationPaths(layout, one.identity, one.incarnation).recorded));
}

/** Whether an agent of an identity goes on without its session: a program may ignore that its terminal is gone. */
export function hasLostAgent(layout: Layout, identity: string): boolean {
  const saved = (listIncarnations(layout).get(identity) ?? []).map((uuid) => readIncarnation(layout, identity, uuid));
  return saved.some((one) => one !== undefined && !isLiving(layout, one) && isAgentRunning(one));
}

function isOfThisBoot(bootId: string): boolean {
  return bootId === "" || bootId === readBootId();
}

/** Whether a stored value names a process that may ever be signalled. */
export function isProcessId(value: unknown): value is ProcessId {
  const { pid, start } = (value ?? {}) as Partial<ProcessId>;
  return isPid(pid) && typeof start === "string" && start !== "";
}

const SERVER: FieldRule = {
  isRight: (value) => value === null || isProcessId(value),
  otherwise: "is neither null nor a process",
};
const PANE: FieldRule = {
  isRight: (value) => value === null || (isProcessId(value) && /^%[0-9]+$/.test((value as AgentPane).id)),
  otherwise: "is neither null nor a pane",
};

const sessionFile: StateFile<Incarnation> = {
  what: "the session's state",
  check: checkFields<Incarnation>({
    version: required(oneOf(1)),
    incarnation: required(TEXT),
    identity: required(TEXT),
    socket: required(TEXT),
    shared: { isRight: (value) => typeof value === "boolean", otherwise: "is neither true nor false" },
    launched_at: required(TEXT),
    boot_id: required(TEXT),
    server: required(SERVER),
    pane: required(PANE),
    model: TEXT,
  }),
};

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing was ever kept.
    return [];
  }
}
