import { IapeerError } from "../../model/errors.ts";
import { bootCommands } from "../../core/service/boot-commands.ts";
import { enableLinger, lingerCommand } from "../../core/service/linger.ts";
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
  userOfServices,
} from "../boot.ts";
import type { Context } from "../app.ts";
import { reportInstall, reportUninstall } from "../../cli/fleet/install-report.ts";
import { withFleetLock } from "./lock.ts";

/** Starting agents takes a while each; systemd starts them side by side. */
const START_MS = 300_000;

/** What `fleet install` would write, and run; nothing is changed. */
export function printFleet(isNow: boolean, context: Context): number {
  const boot = freshBoot(context);
  const units = wantedFiles(readBootAgents(context), boot);
  const commands = bootCommands(platformOf(boot.place), process.geteuid!());
  const linger = platformOf(boot.place) === "linux" ? [lingerCommand(userOfServices())] : [];
  const json = {
    units: units.map(({ path, text }) => ({ path, text })),
    commands: [...commands.reload(), ...commands.enable(units), ...linger, ...(isNow ? commands.start(units) : [])],
  };
  context.output.result(json, () => units.map(({ path, text }) => `# ${path}\n${text}`).join("\n"));
  return 0;
}

/** @throws IapeerError `command-failed`: there is no service manager here, or it refused. */
export async function installFleet(isNow: boolean, context: Context): Promise<number> {
  const boot = freshBoot(context);
  const why = whyNoManager(boot.place);
  if (why !== undefined) throw noManager(why);
  return await withFleetLock(context, () => {
    const found = readBootAgents(context);
    const rows = syncBoot(found, sharedUnits(boot), boot, context);
    restartSupervise(rows, boot);
    const linger = platformOf(boot.place) === "linux" ? enableLinger(userOfServices(), context.env) : undefined;
    const unstartable = findUnstartable(found, boot, context);
    return reportInstall({ rows, found, unstartable, linger, notStarted: isNow ? startAll(found, boot) : undefined }, context);
  });
}

export async function uninstallFleet(context: Context): Promise<number> {
  const boot = openBoot(context);
  return await withFleetLock(context, () => {
    const services = [
      ...readBootUnits(boot.place)
        .listAgents()
        .map((agent) => ({ agent })),
      ...sharedToTake(boot),
    ];
    // The fleet's own file goes last: as long as it is there, the rest may be.
    const rows = [...takeFromBoot(services, boot, context), ...takeFromBoot(["fleet"], boot, context)];
    stopSupervise(rows, boot);
    return reportUninstall(rows, platformOf(boot.place) === "linux", context);
  });
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
