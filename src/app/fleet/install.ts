import { IapeerError } from "../../model/errors.ts";
import { bootCommands } from "../../core/service/boot-commands.ts";
import { enableLinger, type Linger, lingerCommand } from "../../core/service/linger.ts";
import { callManager, SYSTEMCTL, whyNoManager } from "../../core/service/manager.ts";
import { platformOf, serviceName } from "../../core/service/place.ts";
import type { UnitFile } from "../../core/service/unit-file.ts";
import type { BootRow } from "../../boot/plan.ts";
import type { Boot, SharedUnit } from "../../boot/boot.ts";
import { agentFile, fleetFile } from "../../boot/agent-unit.ts";
import { superviseFile } from "../../boot/supervise-unit.ts";
import { readBootUnits, readService, unitState } from "../../boot/state.ts";
import {
  type BootAgents,
  findUnstartable,
  freshBoot,
  openBoot,
  readBootAgents,
  syncBoot,
  takeFromBoot,
  type Unstartable,
  userOfServices,
} from "../boot.ts";
import { withFleetLock } from "../../fleet/applied.ts";
import type { App } from "../types.ts";

/** Starting agents takes a while each; systemd starts them side by side. */
const START_MS = 300_000;

/** What an installation would write and run, as `--print --json` prints it. */
export interface InstallPreview {
  readonly units: readonly Pick<UnitFile, "path" | "text">[];
  /** Each as an argv. */
  readonly commands: readonly (readonly string[])[];
}

export interface InstallRequest {
  /** Start the units at once, too. */
  readonly isNow: boolean;
}

/** What `fleet install` would write and run; nothing is changed. */
export function previewInstall(app: App, { isNow }: InstallRequest): InstallPreview {
  const boot = freshBoot(app);
  const units = wantedFiles(readBootAgents(app), boot);
  const commands = bootCommands(platformOf(boot.place), process.geteuid!());
  const linger = platformOf(boot.place) === "linux" ? [lingerCommand(userOfServices())] : [];
  return {
    units: units.map(({ path, text }) => ({ path, text })),
    commands: [...commands.reload(), ...commands.enable(units), ...linger, ...(isNow ? commands.start(units) : [])],
  };
}

/** What became of an installation. */
export interface Installation {
  readonly rows: readonly BootRow[];
  readonly found: BootAgents;
  readonly unstartable: readonly Unstartable[];
  /** undefined where there is no such thing. */
  readonly linger: Linger | undefined;
  /** The agents that did not start, where they were to start at once. */
  readonly notStarted: readonly string[] | undefined;
}

/** As `fleet install --json` prints it. */
export interface InstallJson {
  readonly action: "installed" | "unchanged";
  readonly units: readonly BootRow[];
  /** Persistent agents that are not registered with their runtime. */
  readonly unregistered: readonly string[];
  /** Agents whose program is not found with what their unit has. */
  readonly unstartable: readonly string[];
  readonly linger: Linger["state"] | null;
  /** Left out where nothing was to start at once. */
  readonly not_started?: readonly string[];
}

export function toInstallJson({ rows, found, unstartable, linger, notStarted }: Installation): InstallJson {
  return {
    action: rows.some(({ op }) => op !== "unchanged") ? "installed" : "unchanged",
    units: rows,
    unregistered: found.unregistered,
    unstartable: unstartable.map(({ name }) => name),
    linger: linger?.state ?? null,
    ...(notStarted !== undefined && { not_started: notStarted }),
  };
}

/**
 * Has the persistent agents of the applied fleet, and supervise, start with this host.
 *
 * @throws IapeerError `command-failed`: no service manager answers, or it refused; `boot-units-taken`, `write-failed`, `lock-busy`,
 *   `interrupted`.
 */
export async function installFleet(app: App, { isNow }: InstallRequest, signal: AbortSignal): Promise<Installation> {
  const boot = freshBoot(app);
  const why = whyNoManager(boot.place);
  if (why !== undefined) throw noManager(why);
  const install = () => {
    const found = readBootAgents(app);
    const rows = syncBoot(found, sharedUnits(boot), boot, app);
    restartSupervise(rows, boot);
    const linger = platformOf(boot.place) === "linux" ? enableLinger(userOfServices(), app.env) : undefined;
    const unstartable = findUnstartable(found, boot, app);
    return { rows, found, unstartable, linger, notStarted: isNow ? startAll(found, boot) : undefined };
  };
  return await withFleetLock(app, install, signal);
}

/** What became of an uninstallation. */
export interface Uninstallation {
  /** As `--json` prints it. */
  readonly json: { readonly action: "absent" | "removed"; readonly units: readonly BootRow[] };
  /** Whether the services of this user may run on without a login. */
  readonly mayLinger: boolean;
}

/**
 * Takes away what installFleet wrote. Sessions that run go on.
 *
 * @throws IapeerError `write-failed`: some units may still be there; `lock-busy`, `interrupted`.
 */
export async function uninstallFleet(app: App, signal: AbortSignal): Promise<Uninstallation> {
  const boot = openBoot(app);
  const uninstall = () => {
    const agents = readBootUnits(boot.place).listAgents();
    const services = [...agents.map((agent) => ({ agent })), ...sharedToTake(boot)];
    // The fleet's own file goes last: as long as it is there, the rest may be.
    const units = [...takeFromBoot(services, boot, app), ...takeFromBoot(["fleet"], boot, app)];
    stopSupervise(units, boot);
    return {
      json: { action: units.length === 0 ? "absent" : "removed", units },
      mayLinger: platformOf(boot.place) === "linux",
    } as const;
  };
  return await withFleetLock(app, uninstall, signal);
}

/** The supervise service that was there before the fleet stays. */
function sharedToTake(boot: Boot): "supervise"[] {
  const fleet = readService("fleet", boot.place);
  return fleet?.isOf(boot.root) === true && fleet.mark?.keepsSupervise !== true ? ["supervise"] : [];
}

function noManager(why: string): IapeerError {
  return new IapeerError("command-failed", `no service manager of yours answers: ${why}`, {
    hint: "to see the units: iapeer fleet install --print; without systemd have whatever starts this host run iapeer launch for each agent",
  });
}

/** The fleet's own file is the first: from then on the rest is known to belong to it. */
function sharedUnits(boot: Boot): SharedUnit[] {
  const { place, program, root, environment } = boot;
  const before = readService("fleet", place);
  const keepsSupervise =
    before === undefined ? unitState("supervise", place) === "enabled" : before.mark?.keepsSupervise === true;
  return [
    { service: "fleet", file: fleetFile(boot, keepsSupervise) },
    { service: "supervise", file: superviseFile({ program, root, environment }, place) },
  ];
}

function wantedFiles({ agents }: BootAgents, boot: Boot): UnitFile[] {
  return [...sharedUnits(boot).map(({ file }) => file), ...agents.map((agent) => agentFile(agent, boot))];
}

/** One that runs goes on with its older file until then. */
function restartSupervise(rows: readonly BootRow[], { place, warn }: Boot): void {
  const name = serviceName("supervise", "linux");
  if (platformOf(place) !== "linux" || !rows.some(({ unit, op }) => unit === name && op === "update")) return;
  const answer = callManager([...SYSTEMCTL, "try-restart", name], place.env);
  if (!answer.ok) warn(answer.why);
}

/** It runs on without its file. What it armed outlives it. */
function stopSupervise(rows: readonly BootRow[], { place, warn }: Boot): void {
  const name = serviceName("supervise", platformOf(place));
  if (!rows.some(({ unit }) => unit === name)) return;
  const answer = callManager(
    platformOf(place) === "darwin" ? ["launchctl", "remove", name] : [...SYSTEMCTL, "stop", name],
    place.env,
  );
  if (!answer.ok) warn(answer.why);
}

/** Starts everything that starts at boot; the agents that did not start. */
function startAll(found: BootAgents, boot: Boot): string[] {
  const { place, warn } = boot;
  for (const argv of bootCommands(platformOf(place), process.geteuid!()).start(wantedFiles(found, boot))) {
    const answer = callManager(argv, place.env, START_MS);
    if (!answer.ok) warn(answer.why);
  }
  return platformOf(place) === "linux" ? findInactive(found, boot) : [];
}

/** systemctl(1), is-active: a line for each unit, whatever the exit status is. */
function findInactive({ agents }: BootAgents, { place }: Boot): string[] {
  if (agents.length === 0) return [];
  const { stdout } = callManager(
    [...SYSTEMCTL, "is-active", ...agents.map(({ name }) => serviceName({ agent: name }, "linux"))],
    place.env,
  );
  const states = stdout.trimEnd().split("\n");
  return agents.map(({ name }) => name).filter((_, index) => states[index] !== "active");
}
