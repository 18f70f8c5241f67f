import { join } from "node:path";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import type { Host } from "../../core/host.ts";
import { identityOf } from "../../model/names.ts";
import { findProgram, planCommand } from "../runtime/runtime.ts";
import type { LaunchCommand, Unmet } from "../runtime/types.ts";
import type { LaunchPlan } from "./types.ts";

/**
 * The command of a launch, with the file written that it reads. A wish of the fleet that the runtime cannot be told is a warning.
 *
 * @throws IapeerError as findProgram; `write-failed`.
 */
export function prepareCommand(plan: LaunchPlan, host: Host): LaunchCommand {
  const { personality, runtime, args, member } = plan;
  const { layout, env, tell } = host;
  const promptFile = join(layout.stateFolder, `${identityOf(runtime, personality)}.comms.md`);
  const command = planCommand(findProgram(plan, host), { args, member, promptFile, env });
  if (command.needsFile && member !== undefined) writeAtomically(promptFile, member.prompt);
  for (const unmet of command.unmet) tell.warn(describeUnmet(unmet, plan));
  return command;
}

function describeUnmet({ what, why }: Unmet, { personality, member }: LaunchPlan): string {
  return what === "model"
    ? `${personality} starts without its model ${member?.model}: ${why}`
    : `${personality} is not told who is in its fleet: ${why}; see: iapeer fleet comms ${personality}`;
}
