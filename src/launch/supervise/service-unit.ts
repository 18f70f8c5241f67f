import { join } from "node:path";
import { IapeerError } from "../../core/errors.ts";
import type { Env } from "../../core/paths.ts";

/** What the service runs and where; every path absolute. */
export interface SuperviseUnit {
  /** The argv that starts iapeer; `supervise` comes after it. */
  readonly program: readonly string[];
  /** $IAPEER_ROOT, where it is set. */
  readonly root?: string;
  /** $PATH, to find tmux. */
  readonly path: string;
  /** $IAPEER_SOCK_DIR, where it is set. */
  readonly sockDir?: string;
}

/** A user's service that keeps `iapeer supervise` running, for systemd (systemd.service(5)). */
export function renderSystemdUnit(unit: SuperviseUnit): string {
  return `[Unit]
Description=iapeer: a canary for every live session
Documentation=man:tmux(1)

[Service]
Type=exec
ExecStart=${renderCommand([...unit.program, "supervise"])}
${environmentOf(unit).map((pair) => `Environment=${quoteUnit(pair.join("="))}`).join("\n")}
Restart=on-failure
RestartSec=5
# The recorders that it armed must outlive it: they see the servers die.
KillMode=process
# One process of this service that the kernel kills for memory does not end the others.
OOMPolicy=continue
ManagedOOMPreference=avoid

[Install]
WantedBy=default.target
`;
}

/** "$" is substituted in arguments, not in the program's own path (systemd.service(5), Command Lines). */
function renderCommand(argv: readonly string[]): string {
  const [program, ...args] = REFUSED_IN_PROGRAM.test(argv[0]!) ? ["/bin/sh", "-c", 'exec "$0" "$@"', ...argv] : argv;
  return [quoteUnit(program!), ...args.map((arg) => quoteUnit(arg.replaceAll("$", "$$$$")))].join(" ");
}

/** "Executable name contains special characters", says systemd, however they are quoted. */
// oxlint-disable-next-line no-control-regex
const REFUSED_IN_PROGRAM = /["'\\\u0001-\u001f\u007f]/;

/** A word of a unit file: in double quotes, C escapes, "%" twice since it begins a specifier (systemd.syntax(7), systemd.unit(5)). */
function quoteUnit(word: string): string {
  const escaped = word.replace(/["\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${escaped.replace(CONTROL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0001-\u001f\u007f]/g;

function environmentOf({ root, path, sockDir }: SuperviseUnit): [string, string][] {
  const all = [["IAPEER_ROOT", root], ["IAPEER_SOCK_DIR", sockDir], ["PATH", path]] as const;
  return all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

const LABEL = "com.iapeer.supervise";

/**
 * The same for launchd (launchd.plist(5)).
 *
 * @throws IapeerError `invalid-value` for a path that XML cannot hold.
 */
export function renderLaunchdAgent(unit: SuperviseUnit): string {
  const words = [...unit.program, "supervise"].map((word) => `    <string>${escapeXml(word)}</string>`);
  const environment = environmentOf(unit).map(([key, value]) => `    <key>${key}</key>\n    <string>${escapeXml(value)}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words.join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${environment.join("\n")}
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <!-- The recorders that it armed must outlive it: they see the servers die. -->
  <key>AbandonProcessGroup</key>
  <true/>
</dict>
</plist>
`;
}

/** What XML 1.0 has no way to write (Char, 2.2). */
// oxlint-disable-next-line no-control-regex
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

function escapeXml(text: string): string {
  if (NOT_IN_XML.test(text)) throw new IapeerError("invalid-value", `launchd's files cannot hold the path ${JSON.stringify(text)}`);
  // A bare CR would be read as a line feed (2.11).
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

export type ServicePlatform = "linux" | "darwin";

/** Write the text, then run the commands, one after the other. */
export interface InstallPlan {
  readonly path: string;
  readonly text: string;
  readonly commands: readonly (readonly string[])[];
}

/** Run what comes before, remove the file, run what comes after. */
export interface UninstallPlan {
  readonly path: string;
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
}

export interface ServiceHome {
  readonly home: string;
  readonly env: Env;
}

const UNIT_NAME = "iapeer-supervise.service";

/** Where the service's file is: `$XDG_CONFIG_HOME/systemd/user` or `~/Library/LaunchAgents`. */
export function servicePath(platform: ServicePlatform, { home, env }: ServiceHome): string {
  if (platform === "darwin") return join(home, "Library", "LaunchAgents", `${LABEL}.plist`);
  const named = env["XDG_CONFIG_HOME"];
  // A relative one is to be ignored (XDG Base Directory Specification).
  const config = named?.startsWith("/") ? named : join(home, ".config");
  return join(config, "systemd", "user", UNIT_NAME);
}

const SYSTEMCTL = ["systemctl", "--user"] as const;

/** How the service is installed, or brought up to date. */
export function planInstall(platform: ServicePlatform, unit: SuperviseUnit, where: ServiceHome): InstallPlan {
  const path = servicePath(platform, where);
  if (platform === "darwin") {
    // "unload" of what is not loaded exits with 0; "bootout" does not.
    const commands = [["launchctl", "unload", path], ["launchctl", "load", "-w", path]];
    return { path, text: renderLaunchdAgent(unit), commands };
  }
  // Restarted and not only started: one that runs goes on with the older file.
  const commands = [[...SYSTEMCTL, "daemon-reload"], [...SYSTEMCTL, "enable", UNIT_NAME], [...SYSTEMCTL, "restart", UNIT_NAME]];
  return { path, text: renderSystemdUnit(unit), commands };
}

/** How it is taken back: it is disabled while its file is still there. */
export function planUninstall(platform: ServicePlatform, where: ServiceHome): UninstallPlan {
  const path = servicePath(platform, where);
  if (platform === "darwin") return { path, before: [["launchctl", "unload", "-w", path]], after: [] };
  return { path, before: [[...SYSTEMCTL, "disable", "--now", UNIT_NAME]], after: [[...SYSTEMCTL, "daemon-reload"]] };
}
