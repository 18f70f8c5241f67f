import { withInterruption } from "../interruption.ts";
import { defineVerb } from "../verb.ts";

export const fleetInstall = defineVerb({
  meta: { name: "fleet install", description: "start the persistent agents with this host" },
  details:
    "Each persistent agent of the applied fleet gets a unit of your account, and so does supervise. They are units of systemd, " +
    "or of launchd on macOS. Without --now nothing starts before the next boot. From then on fleet apply keeps the units in step.\n" +
    "Run it again after iapeer or PATH moved.",
  args: {
    now: { type: "boolean", description: "start the agents at once, too" },
    print: { type: "boolean", description: "print the units, and change nothing" },
  },
  examples: [
    { command: "iapeer fleet install", note: "the agents come back after a reboot" },
    { command: "iapeer fleet install --print", note: "see the units, also where no systemd runs" },
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
