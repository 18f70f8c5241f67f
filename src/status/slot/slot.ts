import { IapeerError } from "../../model/errors.ts";
import { whyNotExecutable } from "../../core/process/executable.ts";
import { readState, type StateFile } from "../../core/disk/state-file.ts";
import { checkFolder } from "../../core/disk/trust.ts";
import type { Layout } from "../../core/layout.ts";
import { checkSlot, type CheckedSlot, type Slot, type SlotProblem, type SlotProblemCode } from "./slot-schema.ts";

const slotFile: StateFile<CheckedSlot> = {
  what: "the slot",
  maxBytes: 1024 * 1024,
  insecure: "slot-insecure",
  check: (json) => ({ ok: true, value: checkSlot(json) }),
  explain: (path, why) => new IapeerError("read-failed", `${path} ${why}`, { details: { path } }),
};

/** What stands in the slot's file. */
export interface SlotReading extends CheckedSlot {
  readonly path: string;
  /** The file's text, where it could be read. */
  readonly text?: string;
  readonly isMissing?: boolean;
}

/** The host's slot. It never throws: what is wrong is in `problems`, and an insecure file is not obeyed. */
export function readSlot(layout: Layout): SlotReading {
  try {
    checkFolder(layout.root, "the root", "slot-insecure");
  } catch (error) {
    const isInsecure = error instanceof IapeerError && error.code === "slot-insecure";
    return refused(layout.slot, isInsecure ? "slot-insecure" : "unreadable", error as Error);
  }
  return readSlotFile(layout.slot);
}

/** Any declaration's file; see readSlot. */
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
    case "unreadable":
      return refused(path, "unreadable", reading.error);
  }
}

/** With a byte order mark, so that offsets count from the file's start. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function refused(path: string, code: SlotProblemCode, { message }: Error): SlotReading {
  return { path, slot: undefined, problems: [{ code, message, path: [], severity: "error" }] };
}

/** Commands that are declared and could not be run now. */
export function findMissingCommands(slot: Slot): SlotProblem[] {
  return (["provision", "unprovision"] as const).flatMap((name) => {
    const why = slot[name] === undefined ? undefined : whyNotExecutable(slot[name].command);
    return why === undefined
      ? []
      : [{ code: "command-not-executable", message: why, path: [name, "command"], severity: "error" }];
  });
}
