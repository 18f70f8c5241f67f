import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { makeFolder } from "../core/disk/files.ts";
import { layoutFrom } from "../core/layout.ts";
import { callManager, SYSTEMCTL } from "../core/service/manager.ts";
import { platformOf, refuseRealServicesInSandbox, type Service, serviceName, type ServicePlace } from "../core/service/place.ts";
import { listUnitLinks, removeFiles, type UnitFile } from "../core/service/unit-file.ts";
import { agentFile, fleetFile } from "./agent-unit.ts";
import { changeUnits, commandsOf, refuseForeign, runAll, tryAll } from "./run.ts";
import { listUnitAgents, readService, unitState } from "./state.ts";
import { planInstall, planUninstall, superviseFile } from "./supervise-unit.ts";
import type { Boot, BootAgent, BootPreview, BootRow, BootSettings, BootUnits, SuperviseChange } from "./types.ts";

/**
 * Reads the units of a root, once for a whole call: of `$IAPEER_ROOT` in the place's environment, else of `~/.iapeer`.
 *
 * @throws IapeerError `read-failed`, here and from its methods.
 */
export function readBootUnits(place: ServicePlace): BootUnits {
  const { root } = layoutFrom(place.env);
  const fleet = readService("fleet", place);
  return {
    installed: fleet?.isOf(root) === true ? fleet.mark : undefined,
    unitOf: (agent) => unitState({ agent }, place),
    listAgents: () => listUnitAgents(place).filter((agent) => readService({ agent }, place)?.isOf(root) ?? true),
  };
}

/** Shows the files and commands of installBootUnits and startBootUnits; nothing is changed. */
export function previewBoot(agents: readonly BootAgent[], boot: Boot): Record<"install" | "start", BootPreview> {
  const units = wantedFiles(agents, boot);
  const commands = commandsOf(boot);
  const install = [...commands.reload(), ...commands.enable(units)];
  return { install: { units, commands: install }, start: { units, commands: commands.start(units) } };
}

/**
 * Makes the units of agents be exactly these, and enabled. It looks once, and runs each command of the service manager at most once for
 * all. It starts and stops nothing. Where nothing differs it writes nothing and runs no command. After a kill at any instant, another run
 * finishes the work.
 *
 * @returns a row for each unit: those of the agents in their order, then those that were removed
 * @throws IapeerError `boot-units-taken`, `write-failed`, `command-failed`, `interrupted`. Units that were to go are disabled even then.
 */
export async function syncBootUnits(agents: readonly BootAgent[], boot: Boot): Promise<BootRow[]> {
  return await sync(agents, [], boot);
}

/**
 * The same for the units that agents share too: the fleet's and supervise's. A supervise that runs on an older file is restarted.
 *
 * @returns a row for each unit: the shared ones, those of the agents in their order, then those that were removed
 */
export async function installBootUnits(agents: readonly BootAgent[], boot: Boot): Promise<BootRow[]> {
  const rows = await sync(agents, sharedUnits(boot), boot);
  const name = serviceName("supervise", "linux");
  if (platformOf(boot.place) === "linux" && rows.some(({ unit, op }) => unit === name && op === "update"))
    await tryAll([[...SYSTEMCTL, "try-restart", name]], boot);
  return rows;
}

async function sync(agents: readonly BootAgent[], shared: readonly SharedUnit[], boot: Boot): Promise<BootRow[]> {
  const wanted = [...shared.map(({ file }) => file), ...agents.map((agent) => agentFile(agent, boot))];
  const services: Service[] = [...shared.map(({ service }) => service), ...agents.map(({ name }) => ({ agent: name }))];
  services.forEach((service) => refuseForeign(service, boot));
  const names = new Set(agents.map(({ name }) => name));
  const others = readBootUnits(boot.place)
    .listAgents()
    .filter((name) => !names.has(name));
  return await changeUnits(wanted, [...services, ...others.map((agent) => ({ agent }))], boot);
}

interface SharedUnit {
  readonly service: "fleet" | "supervise";
  readonly file: UnitFile;
}

/** The fleet's own file comes first: its mark says that the others belong to it. */
function sharedUnits(boot: Boot): SharedUnit[] {
  const before = readService("fleet", boot.place);
  const keepsSupervise =
    before === undefined ? unitState("supervise", boot.place) === "enabled" : before.mark?.keepsSupervise === true;
  return [
    { service: "fleet", file: fleetFile(boot, keepsSupervise) },
    { service: "supervise", file: superviseFile(boot) },
  ];
}

function wantedFiles(agents: readonly BootAgent[], boot: Boot): UnitFile[] {
  return [...sharedUnits(boot).map(({ file }) => file), ...agents.map((agent) => agentFile(agent, boot))];
}

/**
 * Removes the units of some agents, so that they do not start at the next boot. Sessions go on. A unit of another root, or of a person's
 * own, stays.
 *
 * @returns a row for each unit that was there
 * @throws IapeerError `write-failed`: the units may still be there; `interrupted`.
 */
export async function removeBootUnits(agents: readonly string[], boot: Boot): Promise<BootRow[]> {
  return await takeUnits(
    agents.map((agent) => ({ agent })),
    boot,
  );
}

/**
 * Removes all units of the root and stops supervise. A supervise service that is older than the fleet's units stays.
 *
 * @returns a row for each unit that was there
 * @throws IapeerError `write-failed`: some units may still be there; `interrupted`.
 */
export async function uninstallBootUnits(boot: Boot): Promise<BootRow[]> {
  const { listAgents, installed } = readBootUnits(boot.place);
  const supervise = installed === undefined || installed.keepsSupervise === true ? [] : (["supervise"] as const);
  const rows = await takeUnits([...listAgents().map((agent) => ({ agent })), ...supervise], boot);
  // The fleet's own file goes last: it says that there may be others.
  rows.push(...(await takeUnits(["fleet"], boot)));
  await stopSupervise(rows, boot);
  return rows;
}

async function takeUnits(services: readonly Service[], boot: Boot): Promise<BootRow[]> {
  const own = services.filter((service) => readService(service, boot.place)?.isOf(boot.root) ?? true);
  return await changeUnits([], own, boot);
}

/** A service whose file was removed runs on. The recorders that it armed outlive it. */
async function stopSupervise(rows: readonly BootRow[], boot: Boot): Promise<void> {
  const isDarwin = platformOf(boot.place) === "darwin";
  const name = serviceName("supervise", platformOf(boot.place));
  if (!rows.some(({ unit }) => unit === name)) return;
  await tryAll([isDarwin ? ["launchctl", "remove", name] : [...SYSTEMCTL, "stop", name]], boot);
}

/** Each agent takes a while to start; systemd starts them side by side. */
const START_MS = 300_000;

/**
 * Starts all units now.
 *
 * @returns the agents that did not start, as far as the service manager tells
 * @throws IapeerError `interrupted`.
 */
export async function startBootUnits(agents: readonly BootAgent[], boot: Boot): Promise<string[]> {
  await tryAll(commandsOf(boot).start(wantedFiles(agents, boot)), boot, START_MS);
  return platformOf(boot.place) === "linux" ? await findInactive(agents, boot) : [];
}

/** `systemctl is-active` prints a line for each unit, with any exit status (systemctl(1)). */
async function findInactive(agents: readonly BootAgent[], { place, signal }: Boot): Promise<string[]> {
  if (agents.length === 0) return [];
  const units = agents.map(({ name }) => serviceName({ agent: name }, "linux"));
  const { stdout } = await callManager([...SYSTEMCTL, "is-active", ...units], { env: place.env, signal });
  const states = stdout.trimEnd().split("\n");
  return agents.map(({ name }) => name).filter((_, index) => states[index] !== "active");
}

/** Shows the file and the commands of installSupervise; nothing is changed. */
export function previewSupervise(settings: BootSettings): UnitFile & Pick<BootPreview, "commands"> {
  return planInstall(settings);
}

const WITHOUT_MANAGER = "have whatever you use run: iapeer supervise; to see the service: iapeer supervise --install --print";

/**
 * Installs the service that runs `iapeer supervise`, or brings it up to date, and starts it.
 *
 * @throws IapeerError `command-failed`: the service manager refused, or there is none; `sandbox-violation`, `write-failed`, `interrupted`.
 */
export async function installSupervise(boot: Boot): Promise<SuperviseChange> {
  const { path, text, commands } = planInstall(boot);
  refuseRealServicesInSandbox(boot.place);
  const wasThere = existsSync(path);
  makeFolder(dirname(path));
  writeAtomically(path, text, { mode: 0o644 });
  try {
    await runAll(commands, boot, WITHOUT_MANAGER);
  } catch (error) {
    // A unit that was enabled would leave a link to a file that is not there.
    if (!wasThere) removeFiles([...listUnitLinks(path), path]);
    throw error;
  }
  return { action: "installed", path };
}

/**
 * Stops the service that runs `iapeer supervise`, and removes it. A command that fails is a warning: a service manager that does not
 * answer runs nothing either.
 *
 * @throws IapeerError `sandbox-violation`, `write-failed`, `interrupted`.
 */
export async function uninstallSupervise(boot: Boot): Promise<SuperviseChange> {
  refuseRealServicesInSandbox(boot.place);
  const { path, before, after } = planUninstall(boot.place);
  if (!existsSync(path)) return { action: "absent", path };
  await tryAll(before, boot);
  removeFiles([...listUnitLinks(path), path]);
  await tryAll(after, boot);
  return { action: "removed", path };
}
