import { dirname, join } from "node:path";
import { layoutFrom } from "../core/layout.ts";
import { readMark, type ServiceMark } from "../core/service/mark.ts";
import {
  agentOfFile,
  platformOf,
  type Service,
  serviceFolder,
  serviceName,
  type ServicePlace,
  servicePath,
} from "../core/service/place.ts";
import { isThere, listFolder, listWants, readUnitText } from "../core/service/unit-file.ts";

/** Whether a service is there, and is started with what it hangs on. On macOS one that is there is enabled. */
export type UnitState = "enabled" | "disabled" | "absent";

/** What is set up to start at boot, told by files alone. */
export interface BootUnits {
  /** Whether `fleet install` was done for this root. */
  readonly isInstalled: boolean;
  /** The state of an agent's unit. One of another root, or of somebody's own, counts as absent. */
  readonly unitOf: (name: string) => UnitState;
  /** The agents that have a unit of this root, or a link to one that is gone; in the order of the alphabet. */
  readonly listAgents: () => string[];
}

/** Looks where `place.env` says. The root is `$IAPEER_ROOT`, else `~/.iapeer`. */
export function readBootUnits(place: ServicePlace): BootUnits {
  const { root } = layoutFrom(place.env);
  return {
    isInstalled: readService("fleet", place)?.isOf(root) ?? false,
    unitOf: (name) => unitState({ agent: name }, place),
    listAgents: () => listAgents(place).filter((agent) => readService({ agent }, place)?.isOf(root) ?? true),
  };
}

/** The state of one unit. One of another root, or of somebody's own, counts as absent. */
export function unitState(service: Service, place: ServicePlace): UnitState {
  const found = readService(service, place);
  if (found === undefined || !found.isOf(layoutFrom(place.env).root)) return "absent";
  return isThere(wantsPath(service, place)) || platformOf(place) === "darwin" ? "enabled" : "disabled";
}

/** A service's file that is there. */
export interface FoundService {
  readonly text: string;
  readonly mark: ServiceMark | undefined;
  /** Whether it is a root's: by its mark. Without one it is somebody else's, but for supervise's: older versions wrote none. */
  readonly isOf: (root: string) => boolean;
}

/** The file of a service; undefined when there is none. Throws `read-failed`. */
export function readService(service: Service, place: ServicePlace): FoundService | undefined {
  const text = readUnitText(servicePath(service, place));
  if (text === undefined) return undefined;
  const mark = readMark(text);
  return { text, mark, isOf: (root) => (mark === undefined ? service === "supervise" : mark.root === root) };
}

/** The link that starts a unit with what it hangs on. */
function wantsPath(service: Service, place: ServicePlace): string {
  return join(
    wantsFolder(typeof service === "string" ? "default.target" : serviceName("fleet", "linux"), place),
    serviceName(service, "linux"),
  );
}

function wantsFolder(target: string, place: ServicePlace): string {
  return join(dirname(servicePath("fleet", place)), `${target}.wants`);
}

function listAgents(place: ServicePlace): string[] {
  const platform = platformOf(place);
  const links = platform === "darwin" ? [] : listWants(wantsFolder(serviceName("fleet", platform), place));
  const agents = [...listFolder(serviceFolder(place)), ...links].flatMap((file) => agentOfFile(file, platform) ?? []);
  return [...new Set(agents)].toSorted();
}
