import { resolve } from "node:path";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { CLASSES, type NewAgent } from "../../model/agent.ts";
import { refuseForeignSyntax } from "../../model/path-words.ts";
import type { Problem } from "../../fleet/file/types.ts";
import { usage } from "../strict.ts";
import { addToFleet } from "../../app/fleet/edit.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { tellProblems } from "../fleet/problems.ts";
import { withInterruption } from "../interruption.ts";
import { printReport } from "../fleet/report.ts";
import { DRY_RUN, IF_APPLIED, parseRevision, SHARED_FOLDER } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const fleetAdd: Verb = defineVerb({
  meta: { name: "fleet add", description: "write one more agent into the fleet file, and apply it" },
  details:
    "The agent is written at the end of the list, in the style of the last one. Every other byte of the file stays. When the " +
    "agent cannot be added, the file does not change. --host and --ssh declare an agent of another host.",
  makesRoot: true,
  args: {
    name: { type: "positional", description: "its name: small letters, digits and dashes" },
    class: {
      type: "string",
      valueHint: "class",
      required: true,
      description: `its work: ${CLASSES.join(", ")}, or another word`,
    },
    runtime: { type: "string", valueHint: "runtime", description: "its runtime (default: the file's)", completes: "runtimes" },
    "model-hint": { type: "string", valueHint: "model", description: "its model, in the runtime's own words" },
    "working-directory": {
      type: "string",
      valueHint: "dir",
      description: "its folder (default: the file's, else one in the root)",
      completes: "folders",
    },
    "shared-folder": SHARED_FOLDER,
    "persistent-persona": { type: "boolean", description: "start it at boot" },
    host: { type: "string", valueHint: "name", description: "the name of the other host" },
    ssh: { type: "string", valueHint: "[user@]host", description: "how ssh reaches that host" },
    socket: { type: "string", valueHint: "socket", description: "its tmux server there, by name or path" },
    file: FLEET_FILE,
    start: { type: "boolean", description: "launch it" },
    "dry-run": DRY_RUN,
    "if-revision": IF_APPLIED,
  },
  examples: [
    { command: "iapeer fleet add tester0 --class tester", note: "with the runtime and the folder of the file" },
    { command: "iapeer fleet add far --class implementer --host mill --ssh me@mill", note: "an agent of another host" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      agent: parseAgent(args.name, args),
      file: args.file,
      isStarted: args.start,
      isDryRun: args["dry-run"],
      ifRevision: parseRevision(fleetAdd, args["if-revision"]),
      onProblems: (problems: readonly Problem[]) => tellProblems(problems, output),
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await addToFleet(app, request, signal);
      printReport(report, { app, output });
      return exitStatus() ?? (report.ok ? 0 : 1);
    });
  },
});

interface Values {
  readonly class: string;
  readonly runtime?: string;
  readonly "model-hint"?: string;
  readonly "working-directory"?: string;
  readonly "shared-folder": boolean;
  readonly "persistent-persona": boolean;
  readonly host?: string;
  readonly ssh?: string;
  readonly socket?: string;
}

function parseAgent(name: string, values: Values): NewAgent {
  const { class: agentClass, runtime, host, ssh, socket, "model-hint": modelHint, "working-directory": folder } = values;
  if ((host === undefined) !== (ssh === undefined)) throw usage(fleetAdd, "an agent of another host needs both --host and --ssh");
  if (socket !== undefined && host === undefined) throw usage(fleetAdd, "--socket is for an agent of another host");
  return {
    name: parsePersonality(name),
    class: agentClass,
    ...(runtime !== undefined && { runtime: parseRuntime(runtime) }),
    ...(modelHint !== undefined && { modelHint }),
    ...(folder !== undefined && { workingDirectory: host === undefined ? asWritten(folder) : folder }),
    ...(values["shared-folder"] && { sharesFolder: true }),
    ...(values["persistent-persona"] && { isPersistent: true }),
    ...(host !== undefined && ssh !== undefined && { remote: { host, ssh, ...(socket !== undefined && { socket }) } }),
  };
}

/** Makes a typed folder absolute: in the file a relative one would be relative to the file. Throws `invalid-value`. */
function asWritten(folder: string): string {
  refuseForeignSyntax(folder, ["name"]);
  return folder === "~" || folder.startsWith("~/") ? folder : resolve(folder);
}
