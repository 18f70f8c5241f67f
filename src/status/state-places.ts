import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lookForRefusal, type TrustedFile } from "../core/disk/trust.ts";
import type { Layout } from "../core/layout.ts";
import { IapeerError } from "../model/errors.ts";
import { incarnationPaths, pointerPath, readPointer } from "./incarnation/incarnation.ts";

/** The files that are kept about an identity, by the end of their names, and what each is called in an error. */
const IDENTITY_FILES: Readonly<Record<string, string>> = {
  lock: "the lock",
  "send.lock": "the lock of messages",
  beat: "the heartbeat",
  "comms.md": "the text for the agent",
  session: "the name of the session",
  stopped: "the stop mark",
  "provision.json": "the note about memory",
};

/** The files in the folder of an incarnation. */
const INCARNATION_FILES: Readonly<Record<string, string>> = {
  "session.json": "the session's state",
  held: "the mark of the logger",
  "canary.sh": "the canary's script",
  "canary.json": "the canary's record",
  "canary.lock": "the canary's lock",
  "server.lock": "the server's lock",
  claim: "the claim",
  "claim.reserved": "the room of the claim",
  "stopped.reserved": "the room of the stop mark",
  recorded: "the mark of the record",
  evidence: "the evidence",
  "evidence.late": "the late evidence",
  pending: "the pending record",
};

/**
 * Finds folders, FIFOs, links and devices where a file of an identity, or of its present incarnation, belongs. Each is an IapeerError
 * `state-untrusted`. It reads nothing, and changes nothing.
 */
export function findMisplaced(layout: Layout, identity: string): IapeerError[] {
  const own = Object.entries(IDENTITY_FILES).flatMap(([end, what]) =>
    misplacedAt(join(layout.stateFolder, `${identity}.${end}`), { what }),
  );
  const uuid = own.some(({ details }) => details?.["path"] === pointerPath(layout, identity))
    ? undefined
    : readPointer(layout, identity);
  return uuid === undefined ? own : [...own, ...findInFolder(incarnationPaths(layout, identity, uuid).folder)];
}

/** Throws the first that findMisplaced finds. */
export function refuseMisplaced(layout: Layout, identity: string): void {
  const [misplaced] = findMisplaced(layout, identity);
  if (misplaced !== undefined) throw misplaced;
}

function findInFolder(folder: string): IapeerError[] {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory())
    return [new IapeerError("state-untrusted", `the session's folder ${folder} is not a folder`, { details: { path: folder } })];
  // Nearly always each name is a file, which the listing itself tells.
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile())
    .flatMap(({ name }) => {
      const what = INCARNATION_FILES[name];
      return what === undefined ? [] : misplacedAt(join(folder, name), { what });
    });
}

function misplacedAt(path: string, file: TrustedFile): IapeerError[] {
  const refusal = lookForRefusal(path, file);
  return refusal?.kind === "misplaced" ? [refusal.error] : [];
}
