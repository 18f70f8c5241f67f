import { refuseRealRootInSandbox } from "../../core/layout.ts";
import { PROFILE_NAMES, PROFILES, type ProfileName, renderProfile } from "../../fleet/file/profiles.ts";
import { fleetPath } from "../../fleet/file/read.ts";
import { surroundingsOf } from "../../fleet/file/surroundings.ts";
import { createFleetFile } from "../../fleet/file/write.ts";
import { usage } from "../call.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const fleetInit: Verb = defineVerb({
  name: "fleet init",
  summary: "print a commented fleet file to begin with, or write it",
  description: [
    "A file that is there is never written over. The profiles:",
    ...PROFILE_NAMES.map((name) => `  ${name}: ${PROFILES[name].summary}`),
  ].join("\n"),
  options: {
    profile: { type: "string", value: "NAME", help: "what to begin with", choices: PROFILE_NAMES },
    write: { type: "boolean", help: "write it, to $IAPEER_FLEET, else fleet.yaml in the root" },
    file: { type: "string", value: "FILE", help: "write it there instead", completes: "files" },
  },
  positionals: [],
  examples: [
    { command: "iapeer fleet init --profile coding", note: "read it first" },
    { command: "iapeer fleet init --profile coding --write", note: "begin with it" },
  ],
  run: async ({ values }, { layout, env, output }) => {
    const profile = values.profile as ProfileName | undefined;
    if (profile === undefined) throw usage(fleetInit, "fleet init needs --profile", `one of: ${PROFILE_NAMES.join(", ")}`);
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
