import { isAbsolute } from "node:path";
import { anyOf, escapeAsUnicode, RAW_IN_JSON } from "../../model/characters.ts";
import { parseServiceEnvironment, type ServiceEnvironment } from "./environment.ts";
import { readPlistString } from "./plist.ts";

/** A note that iapeer writes into a unit file for itself. The service manager does not read it. */
export interface ServiceMark {
  /** The root that owns the file. iapeer never touches a file of another root. */
  readonly root: string;
  /** In the fleet's own file: the argv that starts iapeer. The units of agents run it. */
  readonly program?: readonly string[];
  /** In the fleet's own file: the environment of the units of agents. */
  readonly environment?: ServiceEnvironment;
  /** In the fleet's own file: the supervise service is older than the fleet's units, and stays when they go. */
  readonly keepsSupervise?: boolean;
}

/** The key of the mark in a property list. */
export const PLIST_MARK = "IapeerMark";

/** The mark as a section of a systemd unit. systemd ignores sections whose name begins with "X-" (systemd.unit(5)). */
export function renderMarkSection(mark: ServiceMark): string {
  return `[X-Iapeer]\nMark=${renderMark(mark)}\n`;
}

const RAW_OR_NOT_IN_XML = anyOf([...RAW_IN_JSON, "noncharacters"], "g");

/** The mark as JSON on one line, in characters that XML can hold. */
export function renderMark(mark: ServiceMark): string {
  return escapeAsUnicode(JSON.stringify(mark), RAW_OR_NOT_IN_XML);
}

/** The mark in a unit or a property list; undefined when it has none that can be read. */
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
