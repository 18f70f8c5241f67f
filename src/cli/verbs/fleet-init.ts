import { initFleet } from "../../app/fleet/file.ts";
import { PROFILE_NAMES, PROFILES } from "../../fleet/init.ts";
import { defineVerb } from "../verb.ts";

export const fleetInit = defineVerb({
  meta: { name: "fleet init", description: "print a commented fleet file to begin with, or write it" },
  details: [
    "A file that exists is never overwritten. The profiles:",
    "",
    ...PROFILE_NAMES.map((name) => `  ${name}    ${PROFILES[name].summary}`),
  ].join("\n"),
  makesRoot: true,
  args: {
    profile: { type: "enum", required: true, description: "the fleet to begin with", options: [...PROFILE_NAMES] },
    write: { type: "boolean", description: "write it to $IAPEER_FLEET, else to fleet.yaml in the root" },
    file: { type: "string", valueHint: "file", description: "with --write: write it to this file", completes: "files" },
  },
  examples: [
    { command: "iapeer fleet init --profile coding", note: "read it first" },
    { command: "iapeer fleet init --profile coding --write", note: "begin with it" },
  ],
  run: async ({ args }, { app, output }) => {
    const init = initFleet(app, { profile: args.profile, file: args.file, isWritten: args.write });
    if (!init.written && args.file !== undefined) output.warn(`${init.file} was not written: add --write`);
    output.result(init, () => (init.written ? `wrote ${init.file}\n` : init.text));
    return 0;
  },
});
