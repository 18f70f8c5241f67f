import { dirname } from "node:path";
import { writeTogether } from "../core/disk/atomic-write.ts";
import { makeFolder } from "../core/disk/files.ts";
import { bootCommands, type BootCommands } from "../core/service/boot-commands.ts";
import { callManager } from "../core/service/manager.ts";
import { platformOf, refuseRealServicesInSandbox, type Service, serviceName, servicePath } from "../core/service/place.ts";
import { listUnitLinks, removeFiles, type UnitFile } from "../core/service/unit-file.ts";
import { quoteForSh } from "../core/text/quoting.ts";
import { IapeerError } from "../model/errors.ts";
import { type BootPlan, type FoundUnit, planBootUnits, rowsOf } from "./plan.ts";
import { readService, unitState } from "./state.ts";
import type { Boot, BootRow } from "./types.ts";

/** The commands of a boot's service manager, for this user. */
export function commandsOf({ place }: Pick<Boot, "place">): BootCommands {
  return bootCommands(platformOf(place), process.geteuid!());
}

/**
 * Makes the wanted units be there, enabled, and the other units of the services not. Where nothing differs it writes nothing and runs no
 * command.
 *
 * @param services the services of the wanted units, and those whose units are to go
 * @returns a row for each wanted unit, then for each that went
 */
export async function changeUnits(wanted: readonly UnitFile[], services: readonly Service[], boot: Boot): Promise<BootRow[]> {
  const found = services.flatMap((service) => findUnit(service, boot) ?? []);
  const plan = planBootUnits(wanted, found);
  if (plan.write.length + plan.enable.length + plan.remove.length > 0) refuseRealServicesInSandbox(boot.place);
  await runPlan(plan, boot);
  const rows = rowsOf(wanted, found, plan);
  rows.filter(({ op }) => op !== "unchanged").forEach((row) => boot.note(row));
  return rows;
}

function findUnit(service: Service, { place }: Boot): FoundUnit | undefined {
  const path = servicePath(service, place);
  const text = readService(service, place)?.text;
  // A link to a unit that is gone must go too.
  if (text === undefined && listUnitLinks(path).length === 0) return undefined;
  return { name: serviceName(service, platformOf(place)), path, text, isEnabled: unitState(service, place) === "enabled" };
}

/** Throws IapeerError `boot-units-taken` for a service whose unit file belongs to another root, or to a person. */
export function refuseForeign(service: Service, { place, root }: Boot): void {
  const found = readService(service, place);
  if (found === undefined || found.isOf(root)) return;
  const path = servicePath(service, place);
  if (found.mark === undefined) throw unmarked(path);
  const owner = found.mark.root;
  const take = service === "supervise" ? "iapeer supervise --uninstall" : `iapeer fleet uninstall --root ${quoteForSh(owner)}`;
  throw new IapeerError("boot-units-taken", `${path} belongs to another root: ${owner}`, {
    hint: `only one root of yours starts at boot; to take the other one away: ${take}`,
    details: { path, root: owner },
  });
}

/** A person wrote the unit by hand, or masked it. */
function unmarked(path: string): IapeerError {
  return new IapeerError("boot-units-taken", `${path} has no mark of iapeer's: it was written by hand or by another program`, {
    hint: `iapeer needs that name; to move it away: mv ${quoteForSh(path)} ${quoteForSh(`${path}.old`)}`,
    details: { path },
  });
}

/** Units go before others come, and are disabled before they are removed. */
async function runPlan({ write, enable, disable, remove }: BootPlan, boot: Boot): Promise<void> {
  const commands = commandsOf(boot);
  await removeUnits({ disable, remove }, commands, boot);
  write.forEach(({ path }) => makeFolder(dirname(path)));
  if (write.length > 0) writeTogether(write, { mode: 0o644 });
  if (write.length + enable.length > 0) await runAll([...commands.reload(), ...commands.enable(enable)], boot);
  else if (remove.length > 0) await tryAll(commands.reload(), boot);
  refuseHalfEnabled(enable, boot);
}

/** Removes every link to the units, even where the service manager refuses to disable them: then none of them starts at boot. */
async function removeUnits(
  { disable, remove }: Pick<BootPlan, "disable" | "remove">,
  commands: BootCommands,
  boot: Boot,
): Promise<void> {
  await tryAll(commands.disable(disable), boot);
  removeFiles(remove.flatMap(({ path }) => listUnitLinks(path)));
  removeFiles(remove.map(({ path }) => path));
}

/** The service manager may look in another folder than the one where the files are. */
function refuseHalfEnabled(enabled: readonly UnitFile[], { place }: Boot): void {
  if (platformOf(place) === "darwin") return;
  const without = enabled.find(({ path }) => listUnitLinks(path).length === 0);
  if (without === undefined) return;
  throw new IapeerError("command-failed", `systemctl enabled ${without.name}, but not in ${dirname(without.path)}`, {
    hint: "XDG_CONFIG_HOME may be different here from where systemd was started",
    details: { path: without.path },
  });
}

const AGAIN = "mend that, then run the same command again: it goes on where it stopped";

/** Runs commands in their order. Throws IapeerError `command-failed` at the first that fails, `interrupted`. */
export async function runAll(
  argvs: readonly (readonly string[])[],
  { place, signal }: Pick<Boot, "place" | "signal">,
  hint = AGAIN,
): Promise<void> {
  for (const argv of argvs) {
    const answer = await callManager(argv, { env: place.env, signal });
    if (!answer.ok) throw new IapeerError("command-failed", answer.why, { hint });
  }
}

/** Runs commands in their order. One that fails is a warning. Throws IapeerError `interrupted`. */
export async function tryAll(argvs: readonly (readonly string[])[], boot: Boot, timeoutMs?: number): Promise<void> {
  const { place, signal, warn } = boot;
  for (const argv of argvs) {
    const answer = await callManager(argv, { env: place.env, signal, ...(timeoutMs !== undefined && { timeoutMs }) });
    if (!answer.ok) warn(answer.why);
  }
}
