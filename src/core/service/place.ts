import { join } from "node:path";
import { type Env, refuseRealFolderInSandbox } from "../layout.ts";

/** The service managers: systemd on Linux, launchd on macOS. */
export type ServicePlatform = "linux" | "darwin";

/** The user whose services are meant, by home and environment. */
export interface ServicePlace {
  readonly home: string;
  readonly env: Env;
  /** Default: that of this host. */
  readonly platform?: ServicePlatform;
}

/** A service of iapeer: supervise, the fleet that all agents belong to, or one agent. */
export type Service = "supervise" | "fleet" | { readonly agent: string };

/** The platform of a place. Linux means systemd, macOS launchd. */
export function platformOf({ platform }: Pick<ServicePlace, "platform">): ServicePlatform {
  return platform ?? (process.platform === "darwin" ? "darwin" : "linux");
}

/** The name of a service: of its unit, or its label in launchd. */
export function serviceName(service: Service, platform: ServicePlatform): string {
  if (platform === "darwin") return `com.iapeer.${typeof service === "string" ? service : `agent.${service.agent}`}`;
  if (service === "fleet") return "iapeer-fleet.target";
  return `iapeer-${typeof service === "string" ? service : `agent-${service.agent}`}.service`;
}

const AGENT_FILE = {
  linux: /^iapeer-agent-(?<agent>.+)\.service$/s,
  darwin: /^com\.iapeer\.agent\.(?<agent>.+)\.plist$/s,
} as const;

/** The agent whose unit file has this name; undefined for any other file. */
export function agentOfFile(fileName: string, platform: ServicePlatform): string | undefined {
  return AGENT_FILE[platform].exec(fileName)?.groups?.["agent"];
}

const FOLDER_IN_HOME = { linux: ".config/systemd/user", darwin: "Library/LaunchAgents" } as const;

/** Throws IapeerError `sandbox-violation` where a sandbox would change what starts with the real account. */
export function refuseRealServicesInSandbox(place: ServicePlace): void {
  refuseRealFolderInSandbox(place.env, serviceFolder(place), FOLDER_IN_HOME[platformOf(place)]);
}

/** The folder of unit files: `$XDG_CONFIG_HOME/systemd/user`, else `~/.config/systemd/user`; on macOS `~/Library/LaunchAgents`. */
export function serviceFolder(place: ServicePlace): string {
  const { home, env } = place;
  if (platformOf(place) === "darwin") return join(home, FOLDER_IN_HOME.darwin);
  const named = env["XDG_CONFIG_HOME"];
  // A relative path must be ignored (XDG Base Directory Specification).
  return named?.startsWith("/") ? join(named, "systemd", "user") : join(home, FOLDER_IN_HOME.linux);
}

/** The path of a service's unit file. */
export function servicePath(service: Service, place: ServicePlace): string {
  const platform = platformOf(place);
  return join(serviceFolder(place), `${serviceName(service, platform)}${platform === "darwin" ? ".plist" : ""}`);
}
