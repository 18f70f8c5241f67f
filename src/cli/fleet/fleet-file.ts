import { defineArg } from "../verb.ts";

/** `--file` of verbs that read the fleet file. */
export const FLEET_FILE = defineArg({
  type: "string",
  valueHint: "file",
  description: "the fleet file, instead of $IAPEER_FLEET or fleet.yaml in the root",
  completes: "files",
});
