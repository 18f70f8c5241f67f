import { statSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { whyNotExecutable } from "../../core/process/executable.ts";
import { readState, type StateFile } from "../../core/disk/state-file.ts";
import { checkFolder } from "../../core/disk/trust.ts";
import type { Env, Layout } from "../../core/layout.ts";
import { checkSlot } from "./slot-schema.ts";
import type { CheckedSlot, LocatedProblem, Slot, SlotProblem, SlotProblemCode, SlotReading } from "./types.ts";

const slotFile: StateFile<CheckedSlot> = {
  what: "the slot",
  maxBytes: 1024 * 1024,
  insecure: "slot-insecure",
  check: (json) => ({ ok: true, value: checkSlot(json) }),
  explain: (path, why) => new IapeerError("read-failed", `${path} ${why}`, { details: { path } }),
};

/** Reads the host's slot, once for a whole call. It never throws: `problems` holds what is wrong, and an insecure file is not obeyed. */
export function readSlot(layout: Layout): SlotReading {
  try {
    checkFolder(layout.root, "the root", "slot-insecure");
  } catch (error) {
    const isInsecure = error instanceof IapeerError && error.code === "slot-insecure";
    return refused(layout.slot, isInsecure ? "slot-insecure" : "unreadable", error as Error);
  }
  return readSlotFile(layout.slot);
}

/** Reads a declaration from any file, in the way of readSlot. */
export function readSlotFile(path: string): SlotReading {
  const reading = readState(path, slotFile);
  switch (reading.kind) {
    case "missing":
      return { path, slot: undefined, problems: [], isMissing: true };
    case "found":
      return { path, text: textOf(reading.bytes), ...reading.value };
    case "invalid":
      return { ...refused(path, "not-json", reading.error), text: textOf(reading.bytes) };
    case "insecure":
      return refused(path, "slot-insecure", reading.error);
    case "misplaced":
    case "unreadable":
      return refused(path, "unreadable", reading.error);
  }
}

/** The byte order mark stays, so that offsets count from the start of the file. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function refused(path: string, code: SlotProblemCode, { message }: Error): SlotReading {
  return { path, slot: undefined, problems: [{ code, message, path: [], severity: "error" }] };
}

/**
 * Every problem of a declaration with its place in the file; commands that are declared and could not run now included. The parser that
 * knows places is only loaded here.
 */
export async function explainProblems(
  { slot, problems, path, text = "" }: SlotReading,
  env: Env,
): Promise<readonly LocatedProblem[]> {
  const { locate } = await import("./slot-location.ts");
  const all = [...problems, ...(slot === undefined ? [] : findMissingCommands(slot, env))];
  return all.map((problem) => ({ ...problem, location: locate(problem, path, text) }));
}

function findMissingCommands(slot: Slot, env: Env): SlotProblem[] {
  return (["provision", "unprovision"] as const).flatMap((name) => {
    const why = slot[name] === undefined ? undefined : whyNotExecutable(slot[name].command, env);
    return why === undefined
      ? []
      : [{ code: "command-not-executable", message: why, path: [name, "command"], severity: "error" }];
  });
}

/** The age of a provider's heartbeat file in whole seconds, never negative; undefined when there is no such file. */
export function heartbeatAgeSecs(path: string, now: Date): number | undefined {
  try {
    return Math.max(0, Math.floor((now.getTime() - statSync(path).mtimeMs) / 1000));
  } catch {
    // Missing, or a path that cannot exist: there is no heartbeat either way.
    return undefined;
  }
}
