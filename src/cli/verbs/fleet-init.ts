import { refuseRealRootInSandbox } from "../../core/layout.ts";
import { PROFILE_NAMES, PROFILES, renderProfile } from "../../fleet/file/profiles.ts";
import { fleetPath } from "../../fleet/file/read.ts";
import { surroundingsOf } from "../../fleet/file/surroundings.ts";
import { createFleetFile } from "../../fleet/file/write.ts";
import { defineVerb } from "../verb.ts";

export const fleetInit = defineVerb({
  meta: { name: "fleet init", description: "print a commented fleet file to begin with, or write it" },
  details: [
    "A file that is there is never written over. The profiles:",
    ...PROFILE_NAMES.map((name) => `  ${name}    ${PROFILES[name].summary}`),
  ].join("\n"),
  args: {
    profile: { type: "enum", required: true, description: "what to begin with", options: [...PROFILE_NAMES] },
    write: { type: "boolean", description: "write it, to $IAPEER_FLEET, else fleet.yaml in the root" },
    file: { type: "string", valueHint: "file", description: "write it there instead", completes: "files" },
  },
  examples: [
    { command: "iapeer fleet init --profile coding", note: "read it first" },
    { command: "iapeer fleet init --profile coding --write", note: "begin with it" },
  ],
  run: async ({ values }, { layout, env, output }) => {
    const { profile } = values;
    const file = fleetPath(layout, env, values.file);
    const text = renderProfile(profile, surroundingsOf(layout, env));
    const written = values.write === true;
    if (written) {
      refuseRealRootInSandbox(env, file);
      createFleetFile(file, text);
    } else if (values.file !== undefined) {
      output.warn(`${file} was not written: add --write`);
    }
    output.result({ profile, file, written, text }, () => (written ? `wrote ${file}\n` : text));
    return 0;
  },
});
