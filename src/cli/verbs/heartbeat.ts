import { giveHeartbeat, planHeartbeats, toBeatJson } from "../../app/heartbeat.ts";
import type { Silence } from "../../core/process/answering.ts";
import { becomeProgram } from "../../core/process/become.ts";
import { isPid } from "../../core/process/processes.ts";
import { BEAT_EVERY_SECS } from "../../launch/heartbeat/heartbeat.ts";
import { IapeerError } from "../../model/errors.ts";
import { usage } from "../strict.ts";
import { parseDuration } from "../duration.ts";
import { RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb, type Verb } from "../verb.ts";

const MAX_EVERY_SECS = 86_400;

export const heartbeat: Verb = defineVerb({
  meta: { name: "heartbeat", description: "note that a peer is alive, or run its program with heartbeats" },
  details:
    "Without <peer> it is the peer of the session that calls. A heartbeat that cannot be written is a warning.\n" +
    "With -- COMMAND this call becomes that program. A small loop beside it gives heartbeats as long as the program answers. " +
    "A program answers when it lives, is not stopped, and has read what was typed into its terminal.\n" +
    "--if-answers asks the same of a process that runs already, and exits with 1 if it does not answer.",
  args: {
    peer: { type: "positional", description: "its name, or its identity: claude-alice", required: false, completes: "peers" },
    runtime: RUNTIME_OPTION,
    every: {
      type: "string",
      valueHint: "duration",
      description: `with -- COMMAND: the time between two heartbeats (default: ${BEAT_EVERY_SECS}s)`,
    },
    "if-answers": {
      type: "string",
      valueHint: "pid",
      description: "only if this process answers; PID:START names one by its start time too",
    },
  },
  rest: { name: "COMMAND [ARG…]", description: "the program and its arguments" },
  examples: [
    { command: "iapeer heartbeat", note: "in a hook that an agent runs after each turn" },
    { command: "iapeer heartbeat alice --runtime codex", note: "for alice, from anywhere" },
    { command: "iapeer heartbeat --every 1m -- my-agent --fast", note: "for a program that knows no heartbeats" },
  ],
  run: async ({ args, rest }, { app, output }) => {
    if (rest.length === 0 && args.every !== undefined) throw usage(heartbeat, "--every goes with -- COMMAND");
    if (rest.length > 0 && args["if-answers"] !== undefined)
      throw usage(heartbeat, "--if-answers is for a process that runs already");
    const asked = args["if-answers"] === undefined ? undefined : parseProcess(args["if-answers"]);
    const owner = { peer: args.peer, runtime: args.runtime };
    if (rest.length > 0) return become(await planHeartbeats(app, { ...owner, everySecs: parseEvery(args.every), command: rest }));
    const report = await giveHeartbeat(app, { ...owner, process: asked });
    if (report.silence !== undefined) output.note(`no heartbeat: the process ${asked!.pid} ${SILENCE[report.silence]}`);
    output.result(toBeatJson(report), () => "");
    return report.silence === undefined ? 0 : 1;
  },
});

const SILENCE = {
  gone: "has ended",
  stopped: "is stopped",
  unread: "does not read what was typed into its terminal",
} as const satisfies Record<Silence, string>;

/** Replaces this process by a shell that runs the argv. */
function become(argv: readonly string[]): never {
  becomeProgram("/bin/sh", argv);
  throw new IapeerError("command-failed", "the system cannot run the command: its arguments or its environment may be too long");
}

function parseEvery(text: string | undefined): number {
  const secs = text === undefined ? BEAT_EVERY_SECS : parseDuration(heartbeat, "every", text) / 1000;
  if (secs >= 1 && secs <= MAX_EVERY_SECS) return secs;
  throw usage(heartbeat, `--every takes 1s to ${MAX_EVERY_SECS / 3600}h, not ${text}`);
}

function parseProcess(text: string): { readonly pid: number; readonly start?: string } {
  const [, digits = "", start] = /^([0-9]{1,10})(?::(.+))?$/.exec(text) ?? [];
  if (isPid(Number(digits))) return { pid: Number(digits), ...(start !== undefined && { start }) };
  throw usage(heartbeat, `--if-answers takes the pid of a process, not ${JSON.stringify(text)}`);
}
