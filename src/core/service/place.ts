import { join } from "node:path";
import { type Env, refuseRealFolderInSandbox } from "../layout.ts";

export type ServicePlatform = "linux" | "darwin";

/** Whose services: those of the user of this home. */
export interface ServicePlace {
  readonly home: string;
  readonly env: Env;
  /** Left out: this host's. */
  readonly platform?: ServicePlatform;
}

/** What the service manager keeps for iapeer: the supervise service, what all agents hang on, and one for an agent. */
export type Service = "supervise" | "fleet" | { readonly agent: string };

/** Whose service manager it is: systemd's, or on macOS launchd. */
export function platformOf({ platform }: Pick<ServicePlace, "platform">): ServicePlatform {
  return platform ?? (process.platform === "darwin" ? "darwin" : "linux");
}

/** What the service manager calls a service: a unit's name, or a label of launchd's. */
export function serviceName(service: Service, platform: ServicePlatform): string {
  if (platform === "darwin") return `com.iapeer.${typeof service === "string" ? service : `agent.${service.agent}`}`;
  if (service === "fleet") return "iapeer-fleet.target";
  return `iapeer-${typeof service === "string" ? service : `agent-${service.agent}`}.service`;
}

const AGENT_FILE = {
  linux: /^iapeer-agent-(?<agent>.+)\.service$/s,
  darwin: /^com\.iapeer\.agent\.(?<agent>.+)\.plist$/s,
} as const;

/** The agent whose service's file has this name; undefined: it is no agent's. */
export function agentOfFile(fileName: string, platform: ServicePlatform): string | undefined {
  return AGENT_FILE[platform].exec(fileName)?.groups?.["agent"];
}

const FOLDER_IN_HOME = { linux: ".config/systemd/user", darwin: "Library/LaunchAgents" } as const;

/** `sandbox-violation` where a sandbox would change what starts with this account. */
export function refuseRealServicesInSandbox(place: ServicePlace): void {
  refuseRealFolderInSandbox(place.env, serviceFolder(place), FOLDER_IN_HOME[platformOf(place)]);
}

/** Where the files are: `$XDG_CONFIG_HOME/systemd/user`, else that of `~/.config`; on macOS `~/Library/LaunchAgents`. */
export function serviceFolder(place: ServicePlace): string {
  const { home, env } = place;
  if (platformOf(place) === "darwin") return join(home, FOLDER_IN_HOME.darwin);
  const named = env["XDG_CONFIG_HOME"];
  // A relative one is to be ignored (XDG Base Directory Specification).
  return named?.startsWith("/") ? join(named, "systemd", "user") : join(home, FOLDER_IN_HOME.linux);
}

/** The file of a service. */
export function servicePath(service: Service, place: ServicePlace): string {
  const platform = platformOf(place);
  return join(serviceFolder(place), `${serviceName(service, platform)}${platform === "darwin" ? ".plist" : ""}`);
}
