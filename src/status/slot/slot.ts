import { IapeerError } from "../../model/errors.ts";
import { whyNotExecutable } from "../../core/process/executable.ts";
import { checkFolder, readTrusted } from "../../core/disk/files.ts";
import { parseStrictJson } from "../../core/text/json.ts";
import { JsonProblem } from "../../core/text/json-problem.ts";
import type { Layout } from "../../core/layout.ts";
import { checkSlot, type CheckedSlot, type Slot, type SlotProblem } from "./slot-schema.ts";

const MAX_BYTES = 1024 * 1024;

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
    return unreadable(layout.slot, error);
  }
  return readSlotFile(layout.slot);
}

/** Any declaration's file; see readSlot. */
export function readSlotFile(path: string): SlotReading {
  let text: string | undefined;
  try {
    const bytes = readTrusted(path, {
      what: "the slot",
      maxBytes: MAX_BYTES,
      unreadable: "read-failed",
      insecure: "slot-insecure",
    });
    if (bytes === undefined) return { path, slot: undefined, problems: [], isMissing: true };
    text = bytes.toString("utf8");
    return { path, text, ...checkSlot(parseStrictJson(bytes)) };
  } catch (error) {
    return { ...unreadable(path, error), ...(text !== undefined && { text }) };
  }
}

function unreadable(path: string, error: unknown): SlotReading {
  return { path, slot: undefined, problems: [explain(path, error)] };
}

function explain(path: string, error: unknown): SlotProblem {
  if (error instanceof JsonProblem) return { code: "not-json", message: `${path} ${error.message}`, path: [], severity: "error" };
  const isInsecure = error instanceof IapeerError && error.code === "slot-insecure";
  return { code: isInsecure ? "slot-insecure" : "unreadable", message: (error as Error).message, path: [], severity: "error" };
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
