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
  run: async ({ values }, context) => {
    const { installFleet, printFleet } = await import("../../app/fleet/install.ts");
    if (values.print) return printFleet(values.now === true, context);
    return await installFleet(values.now === true, context);
  },
});
