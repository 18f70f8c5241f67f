import { dirname } from "node:path";
import { makeFolder } from "../core/disk/files.ts";
import { withLock } from "../core/disk/lock.ts";
import { goodState, readState, renderState, type StateFile, stateOf, writeState } from "../core/disk/state-file.ts";
import {
  type Checked,
  checkFields,
  type FieldRule,
  type FieldRules,
  oneOf,
  required,
  TEXT,
  whyNotFields,
} from "../core/text/fields.ts";
import type { Host } from "../core/host.ts";
import type { Layout } from "../core/layout.ts";
import type { AppliedFleet } from "../model/agent.ts";
import { IapeerError } from "../model/errors.ts";
import { isSocketName } from "../model/names.ts";
import { AGENT_TEXTS, type AgentRow, type TextRule, toAgent, toRow } from "./agent-row.ts";

const VERSION = 1;

/** An agent's row, with every default filled in. */
interface AppliedRow extends AgentRow {
  readonly runtime: string;
  readonly persistent_persona: boolean;
}

/** `<root>/state/iapeer/fleet.json` */
interface AppliedFile {
  readonly version: typeof VERSION;
  readonly revision?: number;
  readonly file: string;
  readonly socket_name?: string;
  readonly agents: readonly AppliedRow[];
  readonly left: readonly AppliedRow[];
}

const LIST: FieldRule = { isRight: Array.isArray, otherwise: "is not a list" };

const FLAG: FieldRule = { isRight: (value) => typeof value === "boolean", otherwise: "is not true or false" };

const FILE_RULES: FieldRules<AppliedFile> = {
  version: required(oneOf(VERSION)),
  revision: {
    isRight: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
    otherwise: "is not a whole number",
  },
  file: required(TEXT),
  socket_name: textField({ isRight: isSocketName, otherwise: "is not a socket's name" }),
  agents: required(LIST),
  left: required(LIST),
};

const ROW_RULES: FieldRules<AppliedRow> = {
  name: required(textField(AGENT_TEXTS.name)),
  class: required(textField(AGENT_TEXTS.class)),
  runtime: required(textField(AGENT_TEXTS.runtime)),
  model_hint: TEXT,
  working_directory: TEXT,
  shared_folder: FLAG,
  persistent_persona: required(FLAG),
  host: textField(AGENT_TEXTS.host),
  ssh: textField(AGENT_TEXTS.ssh),
  socket: textField(AGENT_TEXTS.socket),
};

const appliedFile: StateFile<AppliedFleet> = {
  what: "what was last applied of the fleet",
  maxBytes: 16 * 1024 * 1024,
  unreadable: "fleet-state-corrupt",
  insecure: "fleet-state-corrupt",
  check: checkFile,
  toJson: toFile,
  explain: corrupt,
};

/**
 * Reads the applied fleet; undefined: no fleet was ever applied.
 *
 * @throws IapeerError `fleet-state-corrupt`, `read-failed`. The next apply writes it anew.
 */
export function readApplied(layout: Layout): AppliedFleet | undefined {
  return stateOf(readState(layout.appliedFleet, appliedFile));
}

/** The revision of what was applied; 0 where nothing was, or before there were revisions. */
export function revisionOf(applied: AppliedFleet | undefined): number {
  return applied?.revision ?? 0;
}

/**
 * Refuses a fleet that was applied since the caller looked; undefined accepts any.
 *
 * @throws IapeerError `revision-conflict`.
 */
export function refuseOtherApplied(applied: AppliedFleet | undefined, expected: number | undefined): void {
  const revision = revisionOf(applied);
  if (expected === undefined || expected === revision) return;
  throw new IapeerError("revision-conflict", `what was applied of the fleet is at revision ${revision}, not ${expected}`, {
    hint: "another apply came first; look again (iapeer fleet apply --dry-run --json tells the revision), then decide again",
    details: { revision, expected },
  });
}

/**
 * Records the applied fleet; a file that says the same stays untouched. The fleet's lock must be held.
 *
 * @param fleet its revision is that of `before` and one more, where it names none itself
 * @param before what readApplied returned, or what was recorded since. Default: what the file says; a file that does not read is replaced.
 * @returns the fleet as it is recorded now
 * @throws IapeerError `write-failed`.
 */
export function writeApplied(
  layout: Layout,
  fleet: AppliedFleet,
  before: AppliedFleet | undefined = goodState(readState(layout.appliedFleet, appliedFile)),
): AppliedFleet {
  const next = { ...fleet, revision: fleet.revision ?? revisionOf(before) + 1 };
  const isRecorded =
    before !== undefined && renderState({ ...before, revision: next.revision }, appliedFile) === renderState(next, appliedFile);
  if (isRecorded) return before;
  writeState(layout.appliedFleet, next, appliedFile);
  return next;
}

/**
 * Does work while it holds the fleet's lock: of two calls that apply, install or uninstall a fleet, one comes after the other.
 *
 * @param signal ends the wait for the lock
 * @throws IapeerError `lock-busy`, `interrupted`, and what the work throws.
 */
export async function withFleetLock<T>(
  { layout, lockTimeoutMs }: Pick<Host, "layout" | "lockTimeoutMs">,
  work: () => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  makeFolder(dirname(layout.fleetLock));
  return await withLock(layout.fleetLock, { timeoutMs: lockTimeoutMs, signal }, work);
}

function corrupt(path: string, why: string): IapeerError {
  return new IapeerError("fleet-state-corrupt", `what was last applied of the fleet cannot be read: ${path}: ${why}`, {
    hint: "write it anew: iapeer fleet apply",
    details: { path },
  });
}

function textField({ isRight, otherwise }: TextRule): FieldRule {
  return { isRight: (value) => typeof value === "string" && isRight(value), otherwise };
}

function checkFile(json: unknown): Checked<AppliedFleet> {
  const checked = checkFields(FILE_RULES)(json);
  if (!checked.ok) return checked;
  const { file, revision = 0, socket_name: socketName, agents, left } = checked.value;
  const why = whyNotRows("agents", agents) ?? whyNotRows("left", left);
  if (why !== undefined) return { ok: false, why };
  const socket = socketName === undefined ? {} : { socketName };
  const fleet = { file, revision, ...socket, agents: agents.map(toAgent), left: left.map(toAgent) };
  return { ok: true, value: fleet };
}

/** "agents.3.class: is missing", of the first row with something wrong. */
function whyNotRows(key: string, rows: readonly unknown[]): string | undefined {
  for (const [index, row] of rows.entries()) {
    const why = whyNotFields(row, ROW_RULES);
    if (why !== undefined) return `${key}.${index}.${why}`;
  }
  return undefined;
}

function toFile({ file, revision, socketName, agents, left }: AppliedFleet): object {
  return {
    version: VERSION,
    revision: revision ?? 0,
    file,
    ...(socketName !== undefined && { socket_name: socketName }),
    agents: agents.map(toRow),
    left: left.map(toRow),
  };
}
