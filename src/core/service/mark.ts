import { isAbsolute } from "node:path";
import { anyOf, escapeAsUnicode, RAW_IN_JSON } from "../../model/characters.ts";
import { parseServiceEnvironment, type ServiceEnvironment } from "./environment.ts";
import { readPlistString } from "./plist.ts";

/** What iapeer writes into a service's file for itself; the service manager does not read it. */
export interface ServiceMark {
  /** The root that the file is of. Another root's is never touched; nor is a file without a mark, but for supervise's. */
  readonly root: string;
  /** In the fleet's own file: the argv that starts iapeer, for its agents. */
  readonly program?: readonly string[];
  /** In the fleet's own file: what its agents have in their environment. */
  readonly environment?: ServiceEnvironment;
  /** In the fleet's own file: the supervise service was there before, and outlives the fleet's. */
  readonly keepsSupervise?: boolean;
}

/** The key of the mark in a file of launchd's. */
export const PLIST_MARK = "IapeerMark";

/** A section that systemd passes over, since its name begins with "X-" (systemd.unit(5)). */
export function renderMarkSection(mark: ServiceMark): string {
  return `[X-Iapeer]\nMark=${renderMark(mark)}\n`;
}

const RAW_OR_NOT_IN_XML = anyOf([...RAW_IN_JSON, "noncharacters"], "g");

/** On one line, and in characters that XML can hold. */
export function renderMark(mark: ServiceMark): string {
  return escapeAsUnicode(JSON.stringify(mark), RAW_OR_NOT_IN_XML);
}

/** The mark of a service's file, of whichever service manager; undefined: it has none that can be read. */
export function readMark(text: string): ServiceMark | undefined {
  const json = readPlistString(text, PLIST_MARK) ?? /^Mark=(.*)$/m.exec(text)?.[1];
  if (json === undefined) return undefined;
  try {
    const { root, program, environment, keepsSupervise } = JSON.parse(json) as Record<string, unknown>;
    if (typeof root !== "string") return undefined;
    const read = parseServiceEnvironment(environment);
    return {
      root,
      ...(isArgv(program) && { program }),
      ...(read !== undefined && { environment: read }),
      ...(keepsSupervise === true && { keepsSupervise }),
    };
  } catch {
    return undefined;
  }
}

function isArgv(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string" && isAbsolute(word));
}
