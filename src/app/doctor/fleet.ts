import { IapeerError } from "../../model/errors.ts";
import { failure, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";
import { readBootUnits } from "../../boot/boot.ts";
import { readBootAgents, servicePlace } from "../boot.ts";
import type { App } from "../types.ts";

/** Checks that the applied fleet can be read, and starts with this host as it says. It gives no row where no fleet was applied. */
export function checkAppliedFleet(app: App): readonly Check[] {
  try {
    const { agents, unregistered, isApplied } = readBootAgents(app);
    if (!isApplied) return [];
    const units = readBootUnits(servicePlace(app));
    const missing = units.installed !== undefined ? agents.filter(({ name }) => units.unitOf(name) !== "enabled") : [];
    const unwanted = units.listAgents().filter((name) => !agents.some((agent) => agent.name === name));
    const problems = [
      ...unregistered.map((name) =>
        warning("fleet", `${name} is to start with this host, and is not registered`, "iapeer fleet apply"),
      ),
      ...missing.map(({ name }) =>
        warning("fleet", `${name} is to start with this host, and has no enabled unit`, "iapeer fleet install"),
      ),
      ...unwanted.map((name) =>
        warning("fleet", `a unit starts ${name} with this host, who is not to be`, "iapeer fleet install"),
      ),
    ];
    return orGood(problems, "fleet", "it can be read, and starts as it says");
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    // A problem of the registry has a row of its own.
    return error.code === "fleet-state-corrupt" ? [failure("fleet", error.message, error.hint)] : [];
  }
}
