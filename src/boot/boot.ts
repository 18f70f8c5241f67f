import { dirname } from "node:path";
import { writeTogether } from "../core/disk/atomic-write.ts";
import { IapeerError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { quoteForSh } from "../core/text/quoting.ts";
import { bootCommands, type BootCommands } from "../core/service/boot-commands.ts";
import { callManager } from "../core/service/manager.ts";
import { platformOf, refuseRealServicesInSandbox, type Service, serviceName, servicePath } from "../core/service/place.ts";
import { listUnitLinks, removeFiles, type UnitFile } from "../core/service/unit-file.ts";
import { readBootUnits, readService, unitState } from "./state.ts";
import { type BootPlan, type BootRow, type FoundUnit, planBootUnits, rowsOf } from "./plan.ts";
import { agentFile, type BootAgent, type BootSettings } from "./agent-unit.ts";

/** What the units of a root are made with, and who hears of what did not work and does no harm. */
export interface Boot extends BootSettings {
  readonly warn: (line: string) => void;
}

export interface WantedUnits {
  /** Every agent that is to start at boot. A unit of any other is removed. */
  readonly agents: readonly BootAgent[];
  /** What they share, where that is to be brought up to date as well. */
  readonly shared?: readonly SharedUnit[];
}

export interface SharedUnit {
  readonly service: "fleet" | "supervise";
  readonly file: UnitFile;
}

/**
 * Brings all units of a root in step with who is to start at boot: one look, and each command of the service manager at most once for
 * all. Where nothing differs nothing is written and no command runs. It starts and stops nothing. Killed at any instant, it is
 * finished by running it again.
 *
 * @returns a row for each unit: what is shared, the agents in their order, those that were removed
 * @throws IapeerError `boot-units-taken`, `write-failed`, `command-failed`. What was to be removed is disabled even then.
 */
export function syncBootUnits({ agents, shared = [] }: WantedUnits, boot: Boot): BootRow[] {
  const wanted = [...shared.map(({ file }) => file), ...agents.map((agent) => agentFile(agent, boot))];
  const services: Service[] = [...shared.map(({ service }) => service), ...agents.map(({ name }) => ({ agent: name }))];
  services.forEach((service) => refuseForeign(service, boot));
  const names = new Set(agents.map(({ name }) => name));
  const others = readBootUnits(boot.place)
    .listAgents()
    .filter((name) => !names.has(name));
  return change(wanted, [...services, ...others.map((agent) => ({ agent }))], boot);
}

/**
 * Sees to it that services do not start at the next boot. What runs of them stays as it is. A unit of another root, or without a mark, is left alone.
 *
 * @returns a row for each that was there
 * @throws IapeerError `write-failed`: they may still be there.
 */
export function takeBootUnits(services: readonly Service[], boot: Boot): BootRow[] {
  return change(
    [],
    services.filter((service) => readService(service, boot.place)?.isOf(boot.root) ?? true),
    boot,
  );
}

function change(wanted: readonly UnitFile[], services: readonly Service[], boot: Boot): BootRow[] {
  const found = services.flatMap((service) => findUnit(service, boot) ?? []);
  const plan = planBootUnits(wanted, found);
  if (plan.write.length + plan.enable.length + plan.remove.length > 0) refuseRealServicesInSandbox(boot.place);
  runPlan(plan, boot);
  return rowsOf(wanted, found, plan);
}

function findUnit(service: Service, { place }: Boot): FoundUnit | undefined {
  const path = servicePath(service, place);
  const text = readService(service, place)?.text;
  // A link to a unit that is gone goes too.
  if (text === undefined && listUnitLinks(path).length === 0) return undefined;
  return { name: serviceName(service, platformOf(place)), path, text, isEnabled: unitState(service, place) === "enabled" };
}

function refuseForeign(service: Service, { place, root }: Boot): void {
  const found = readService(service, place);
  if (found === undefined || found.isOf(root)) return;
  const path = servicePath(service, place);
  if (found.mark === undefined) throw unmarked(path);
  const owner = found.mark.root;
  const take = service === "supervise" ? "iapeer supervise --uninstall" : `iapeer fleet uninstall --root ${quoteForSh(owner)}`;
  throw new IapeerError("boot-units-taken", `${path} is of another root: ${owner}`, {
    hint: `only one root of yours starts at boot; to take the other one away: ${take}`,
    details: { path, root: owner },
  });
}

/** Somebody wrote it by hand, or masked it. */
function unmarked(path: string): IapeerError {
  return new IapeerError("boot-units-taken", `${path} has no mark of iapeer's: somebody else wrote it`, {
    hint: `iapeer needs that name; to move it away: mv ${quoteForSh(path)} ${quoteForSh(`${path}.old`)}`,
    details: { path },
  });
}

/** What goes goes first, and is disabled before it is removed. */
function runPlan({ write, enable, disable, remove }: BootPlan, boot: Boot): void {
  const commands = bootCommands(platformOf(boot.place), process.geteuid!());
  takeAway({ disable, remove }, commands, boot);
  write.forEach(({ path }) => makeFolder(dirname(path)));
  if (write.length > 0) writeTogether(write, { mode: 0o644 });
  if (write.length + enable.length > 0) runAll([...commands.reload(), ...commands.enable(enable)], boot);
  else if (remove.length > 0) tryAll(commands.reload(), boot);
  refuseHalfEnabled(enable, boot);
}

/** Whatever the service manager does with it, after this no link to these units is left, and so none of them starts at boot. */
function takeAway({ disable, remove }: Pick<BootPlan, "disable" | "remove">, commands: BootCommands, boot: Boot): void {
  tryAll(commands.disable(disable), boot);
  removeFiles(remove.flatMap(({ path }) => listUnitLinks(path)));
  removeFiles(remove.map(({ path }) => path));
}

/** The manager may look elsewhere than where the files are. */
function refuseHalfEnabled(enabled: readonly UnitFile[], { place }: Boot): void {
  if (platformOf(place) === "darwin") return;
  const without = enabled.find(({ path }) => listUnitLinks(path).length === 0);
  if (without === undefined) return;
  throw new IapeerError("command-failed", `systemctl enabled ${without.name}, but not in ${dirname(without.path)}`, {
    hint: "XDG_CONFIG_HOME is perhaps another one here than where systemd was started",
    details: { path: without.path },
  });
}

function runAll(argvs: readonly (readonly string[])[], { place }: Boot): void {
  for (const argv of argvs) {
    const answer = callManager(argv, place.env);
    if (!answer.ok)
      throw new IapeerError("command-failed", answer.why, {
        hint: "mend that, then run the same command again: it goes on where it stopped",
      });
  }
}

function tryAll(argvs: readonly (readonly string[])[], { place, warn }: Boot): void {
  for (const argv of argvs) {
    const answer = callManager(argv, place.env);
    if (!answer.ok) warn(answer.why);
  }
}
