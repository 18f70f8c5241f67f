import { PLIST_MARK, renderMark, renderMarkSection, type ServiceMark } from "../core/service/mark.ts";
import { platformOf, serviceName, servicePath } from "../core/service/place.ts";
import { renderPlist } from "../core/service/plist.ts";
import { renderUnitCommand, renderUnitEnvironment } from "../core/service/systemd.ts";
import type { UnitFile } from "../core/service/unit-file.ts";
import type { BootAgent, BootSettings } from "./types.ts";

/** The unit file that starts one agent with the host. */
export function agentFile(agent: BootAgent, settings: BootSettings): UnitFile {
  const { place } = settings;
  const platform = platformOf(place);
  const service = { agent: agent.name };
  const text = platform === "darwin" ? renderAgentPlist(agent, settings) : renderAgentUnit(agent, settings);
  return { name: serviceName(service, platform), path: servicePath(service, place), text };
}

/**
 * The unit of an agent for systemd (systemd.service(5)). systemd starts it once, and never again by itself. An agent that was stopped or
 * retired stays so. To stop the unit stops the agent on purpose, which leaves no death, and no stop mark: it starts with the host again.
 * So does an orderly end of the host: systemd stops this unit before the scope of the session (see scopeLauncher).
 */
export function renderAgentUnit(
  { name, runtime }: BootAgent,
  { program, root, environment }: Omit<BootSettings, "place">,
): string {
  const supervise = serviceName("supervise", "linux");
  const fleet = serviceName("fleet", "linux");
  const call = (verb: string, option: string) => [...program, verb, name, "--runtime", runtime, option];
  const [launch, stop] = [call("launch", "--unless-stopped"), call("stop", "--no-mark")];
  return `[Unit]
Description=iapeer: the agent ${name} (${runtime})
Documentation=man:tmux(1)
Wants=${supervise}
After=${supervise}
PartOf=${fleet}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${renderUnitCommand(launch)}
ExecStop=${renderUnitCommand(stop)}
# For a launch that was interrupted there is no ExecStop, but there may be a session.
ExecStopPost=${renderUnitCommand(["/bin/sh", "-c", AFTER_INTERRUPTION, ...stop])}
${renderUnitEnvironment(environment)}
# More than a launch or a stop ever takes, and less than the host gives a user at its end.
TimeoutStartSec=90
TimeoutStopSec=80
# What the stop leaves is not this unit's to kill.
KillMode=process
# One process of this unit that the kernel kills for memory does not end the others.
OOMPolicy=continue
ManagedOOMPreference=avoid

[Install]
WantedBy=${fleet}

${renderMarkSection({ root })}`;
}

/** Stops the session that an interrupted launch has left. systemd sets EXIT_STATUS to the end of the unit's last process (systemd.exec(5)). */
const AFTER_INTERRUPTION = 'case $EXIT_STATUS in 143 | TERM | KILL) exec "$0" "$@" ;; esac';

/** The same for launchd, which starts it at the login and runs nothing at its end (launchd.plist(5)). */
function renderAgentPlist({ name, runtime }: BootAgent, { program, root, environment }: BootSettings): string {
  return renderPlist({
    Label: serviceName({ agent: name }, "darwin"),
    ProgramArguments: [...program, "launch", name, "--runtime", runtime, "--unless-stopped"],
    EnvironmentVariables: { ...environment },
    RunAtLoad: true,
    // The session must outlive the command that launched it.
    AbandonProcessGroup: true,
    [PLIST_MARK]: renderMark({ root }),
  });
}

/** The unit file that all agents belong to. Its mark says that `fleet install` ran, with which program and which environment. */
export function fleetFile({ program, root, environment, place }: BootSettings, keepsSupervise: boolean): UnitFile {
  const platform = platformOf(place);
  const mark: ServiceMark = { root, program, environment, ...(keepsSupervise && { keepsSupervise }) };
  const text = platform === "darwin" ? renderFleetPlist(mark) : renderFleetTarget(mark);
  return { name: serviceName("fleet", platform), path: servicePath("fleet", place), text };
}

function renderFleetTarget(mark: ServiceMark): string {
  return `[Unit]
Description=iapeer: the agents that start with this host
Documentation=man:tmux(1)

[Install]
WantedBy=default.target

${renderMarkSection(mark)}`;
}

/** launchd has no targets. This file runs nothing; it carries the mark. */
function renderFleetPlist(mark: ServiceMark): string {
  return renderPlist({
    Label: serviceName("fleet", "darwin"),
    ProgramArguments: ["/usr/bin/true"],
    RunAtLoad: false,
    [PLIST_MARK]: renderMark(mark),
  });
}
