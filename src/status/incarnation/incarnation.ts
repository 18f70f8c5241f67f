import { existsSync } from "node:fs";
import { join } from "node:path";
import { readBootId } from "../../core/process/boot-id.ts";
import { isProcForeign, readPidNamespace } from "../../core/process/pid-namespace.ts";
import { isHeld } from "../../core/disk/lock.ts";
import { goodState, readState, type StateFile, writeState } from "../../core/disk/state-file.ts";
import { inspectTrusted } from "../../core/disk/trust.ts";
import { checkFields, type FieldRule, oneOf, required, TEXT } from "../../core/text/fields.ts";
import type { Layout } from "../../core/layout.ts";
import { isProcessId, isRunning } from "../../core/process/processes.ts";
import { namesIn } from "../../core/disk/files.ts";
import { isIncarnation } from "../../model/names.ts";
import type { AgentPane, Incarnation, IncarnationPaths, Running } from "./types.ts";

/** The end of a file's name while its room is only reserved. */
const ROOM = ".reserved";

/** The files about one incarnation. Nothing is made. */
export function incarnationPaths(layout: Layout, identity: string, incarnation: string): IncarnationPaths {
  const folder = join(layout.stateFolder, `${identity}.${incarnation}`);
  const at = (name: string) => join(folder, name);
  return {
    folder,
    session: at("session.json"),
    script: at("canary.sh"),
    lock: at("canary.lock"),
    serverLock: at("server.lock"),
    canary: at("canary.json"),
    held: at("held"),
    claim: at("claim"),
    claimRoom: `${at("claim")}${ROOM}`,
    stopMarkRoom: `${at("stopped")}${ROOM}`,
    recorded: at("recorded"),
  };
}

/** The line of the session log where an incarnation begins. */
export function launchMark({ identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">): string {
  return `== ${identity} launched: ${incarnation} ==`;
}

/** The file that names the current incarnation of an identity, or the last one. */
export function pointerPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.session`);
}

/** The file that says: a person stopped this identity. A launch takes it away. */
export function stopMarkPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.stopped`);
}

/** The lock that launch, stop, arm, dismiss and supervise hold while they work on an identity. */
export function identityLockPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.lock`);
}

/** The UUID of the current incarnation of an identity, or of the last one; undefined when none can be read. */
export function readPointer(layout: Layout, identity: string): string | undefined {
  const reading = inspectTrusted(pointerPath(layout, identity), { what: "the session's state" });
  const incarnation = reading.kind === "found" ? reading.bytes.toString("latin1").trim() : "";
  return isIncarnation(incarnation) ? incarnation : undefined;
}

/** That incarnation; undefined when it cannot be read. */
export function readCurrent(layout: Layout, identity: string): Incarnation | undefined {
  const incarnation = readPointer(layout, identity);
  return incarnation === undefined ? undefined : readIncarnation(layout, identity, incarnation);
}

/** A saved incarnation; undefined when it is missing or damaged. Callers leave such an incarnation alone. */
export function readIncarnation(layout: Layout, identity: string, incarnation: string): Incarnation | undefined {
  const saved = goodState(readState(incarnationPaths(layout, identity, incarnation).session, sessionFile));
  return saved?.identity === identity && saved.incarnation === incarnation ? saved : undefined;
}

/** The incarnations of an identity that have files, and whose state is missing or does not read. */
export function listDamaged(layout: Layout, identity: string): string[] {
  return (listIncarnations(layout).get(identity) ?? []).filter((uuid) => readIncarnation(layout, identity, uuid) === undefined);
}

/** Those of them whose recorder or server holds its lock: they go on. */
export function listHeld(layout: Layout, identity: string): string[] {
  return listDamaged(layout, identity).filter((uuid) => {
    const { lock, serverLock } = incarnationPaths(layout, identity, uuid);
    return isHeld(lock) || isHeld(serverLock);
  });
}

/** The incarnations of an identity that read. */
export function listReadable(layout: Layout, identity: string): Incarnation[] {
  return (listIncarnations(layout).get(identity) ?? [])
    .map((uuid) => readIncarnation(layout, identity, uuid))
    .filter((one) => one !== undefined);
}

/** Saves an incarnation. Throws IapeerError `write-failed`. */
export function saveIncarnation(layout: Layout, incarnation: Incarnation): void {
  writeState(incarnationPaths(layout, incarnation.identity, incarnation.incarnation).session, incarnation, sessionFile);
}

/** Every identity with saved incarnations, and their UUIDs. */
export function listIncarnations(layout: Layout): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of namesIn(layout.stateFolder)) {
    const dot = name.indexOf(".");
    const [identity, incarnation] = [name.slice(0, dot), name.slice(dot + 1)];
    if (isIncarnation(incarnation)) found.set(identity, [...(found.get(identity) ?? []), incarnation]);
  }
  return found;
}

/**
 * True when the very server of an incarnation runs. A process of another boot or PID namespace is never it, even with the same pid and
 * start. Where that is why it is false, see findElsewhere.
 */
export function isServerRunning(one: Incarnation): one is Running {
  return one.server !== null && isRunning(one.server) && isOfHere(one);
}

/** True when the very process of the agent's pane runs. */
export function isAgentRunning(one: Incarnation): boolean {
  return one.pane !== null && isRunning(one.pane) && isOfHere(one);
}

/**
 * True when an incarnation goes on, by its processes and files alone. Its server must run. On a shared server its agent must run too, and
 * have no recorded end.
 */
export function isLiving(layout: Layout, one: Incarnation): one is Running {
  if (!isServerRunning(one)) return false;
  return !one.shared || (isAgentRunning(one) && !existsSync(incarnationPaths(layout, one.identity, one.incarnation).recorded));
}

/** True when an agent of an identity runs on without its session. A program may ignore the loss of its terminal. */
export function hasLostAgent(layout: Layout, identity: string): boolean {
  return listReadable(layout, identity).some((one) => !isLiving(layout, one) && isAgentRunning(one));
}

/** True when the processes that an incarnation names have their numbers here: of this boot, and of this PID namespace. */
export function isOfHere(one: Incarnation): boolean {
  return isOfThisBoot(one) && isOfThisNamespace(one) && !isProcForeign();
}

/** True for an incarnation of this boot, or of one that is not known. */
export function isOfThisBoot({ boot_id: bootId }: Pick<Incarnation, "boot_id">): boolean {
  return bootId === "" || bootId === readBootId();
}

/** True for an incarnation of this PID namespace. An earlier version saved none, and is taken for one of here. */
function isOfThisNamespace({ pid_namespace: namespace }: Pick<Incarnation, "pid_namespace">): boolean {
  return namespace === undefined || namespace === readPidNamespace();
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
    pid_namespace: TEXT,
    server: required(SERVER),
    pane: required(PANE),
    model: TEXT,
    token_hash: TEXT,
  }),
};
