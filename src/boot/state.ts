import { dirname, join } from "node:path";
import { layoutFrom } from "../core/layout.ts";
import type { UnitState } from "./types.ts";
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

/** The state of one unit. A unit of another root, or of a person's own, counts as absent. Throws IapeerError `read-failed`. */
export function unitState(service: Service, place: ServicePlace): UnitState {
  const found = readService(service, place);
  if (found === undefined || !found.isOf(layoutFrom(place.env).root)) return "absent";
  return isThere(wantsPath(service, place)) || platformOf(place) === "darwin" ? "enabled" : "disabled";
}

/** A unit file that exists. */
export interface FoundService {
  readonly text: string;
  readonly mark: ServiceMark | undefined;
  /** True when it belongs to a root, by its mark. A file without one is a person's own, except supervise's: older versions wrote none. */
  readonly isOf: (root: string) => boolean;
}

/** The unit file of a service; undefined when there is none. Throws IapeerError `read-failed`. */
export function readService(service: Service, place: ServicePlace): FoundService | undefined {
  const text = readUnitText(servicePath(service, place));
  if (text === undefined) return undefined;
  const mark = readMark(text);
  return { text, mark, isOf: (root) => (mark === undefined ? service === "supervise" : mark.root === root) };
}

/** The link that starts a unit: agents with the fleet, anything else with the login or the boot. */
function wantsPath(service: Service, place: ServicePlace): string {
  return join(
    wantsFolder(typeof service === "string" ? "default.target" : serviceName("fleet", "linux"), place),
    serviceName(service, "linux"),
  );
}

function wantsFolder(target: string, place: ServicePlace): string {
  return join(dirname(servicePath("fleet", place)), `${target}.wants`);
}

/** The agents with a unit file of any root, or with a link to one that is gone; sorted. */
export function listUnitAgents(place: ServicePlace): string[] {
  const platform = platformOf(place);
  const links = platform === "darwin" ? [] : listWants(wantsFolder(serviceName("fleet", platform), place));
  const agents = [...listFolder(serviceFolder(place)), ...links].flatMap((file) => agentOfFile(file, platform) ?? []);
  return [...new Set(agents)].toSorted();
}
