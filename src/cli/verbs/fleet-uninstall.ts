import { withInterruption } from "../interruption.ts";
import { defineVerb } from "../verb.ts";

export const fleetUninstall = defineVerb({
  meta: { name: "fleet uninstall", description: "start no agent with this host any more" },
  details:
    "The units that fleet install wrote are disabled and removed. Sessions that run go on. The setting that your services run " +
    "without a login (linger) stays as it is.",
  args: {},
  examples: [{ command: "iapeer fleet uninstall", note: "live agents go on; none comes back after a reboot" }],
  run: async (_call, { app, output }) => {
    const { uninstallFleet } = await import("../../app/fleet/install.ts");
    const { reportUninstall } = await import("../fleet/install-report.ts");
    return await withInterruption(async ({ signal }) => {
      reportUninstall(await uninstallFleet(app, signal), output);
      return 0;
    });
  },
});
