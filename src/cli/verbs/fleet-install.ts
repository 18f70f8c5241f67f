import { withInterruption } from "../interruption.ts";
import { defineVerb } from "../verb.ts";

export const fleetInstall = defineVerb({
  meta: { name: "fleet install", description: "have the persistent agents start with this host" },
  details:
    "A unit of yours for each persistent agent of the fleet as it was last applied, and for supervise (systemd; on macOS\n" +
    "launchd). Nothing is started before the next boot, but with --now. From then on fleet apply keeps the units in step.\n" +
    "Done again it brings everything up to date, also after iapeer or PATH moved.",
  args: {
    now: { type: "boolean", description: "start them at once, too" },
    print: { type: "boolean", description: "show the units, and change nothing" },
  },
  examples: [
    { command: "iapeer fleet install", note: "the agents survive a reboot" },
    { command: "iapeer fleet install --print", note: "see what it would write, also where no systemd runs" },
  ],
  run: async ({ args }, { app, output }) => {
    const { installFleet, previewInstall } = await import("../../app/fleet/install.ts");
    const { reportInstall } = await import("../fleet/install-report.ts");
    const request = { isNow: args.now };
    if (!args.print)
      return await withInterruption(async ({ signal }) => reportInstall(await installFleet(app, request, signal), output));
    const preview = previewInstall(app, request);
    output.result(preview, () => preview.units.map(({ path, text }) => `# ${path}\n${text}`).join("\n"));
    return 0;
  },
});
