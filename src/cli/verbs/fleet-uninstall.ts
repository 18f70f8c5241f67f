import { withInterruption } from "../interruption.ts";
import { defineVerb } from "../verb.ts";

export const fleetUninstall = defineVerb({
  meta: { name: "fleet uninstall", description: "have no agent start with this host any more" },
  details:
    "Disables and removes what fleet install wrote. Sessions that run go on. That your services run without a login\n" +
    "(linger) stays as it is.",
  args: {},
  examples: [{ command: "iapeer fleet uninstall", note: "what runs goes on; nothing comes back after a reboot" }],
  run: async (_call, { app, output }) => {
    const { uninstallFleet } = await import("../../app/fleet/install.ts");
    const { reportUninstall } = await import("../fleet/install-report.ts");
    return await withInterruption(async ({ signal }) => {
      reportUninstall(await uninstallFleet(app, signal), output);
      return 0;
    });
  },
});
