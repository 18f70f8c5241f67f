import { renderLogLine } from "../../core/text/logfmt.ts";
import { type Env, type Layout, sessionLogPath } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { incarnationPaths, launchMark } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import judgePart from "./judge.sh" with { type: "text" };
import linuxPart from "./linux.sh" with { type: "text" };
import macosPart from "./macos.sh" with { type: "text" };
import body from "./recorder.sh" with { type: "text" };

/** How the recorder knows that its server ended: as its parent, or by a client of tmux that waits on a channel. */
export type Witness = "parent" | "client";

export interface CanaryScript {
  readonly layout: Layout;
  readonly platform: NodeJS.Platform;
  readonly identity: string;
  readonly incarnation: string;
  readonly socket: string;
  /** The absolute path of tmux. */
  readonly tmux: string;
  readonly witness: Witness;
  /** The server to watch; a parent starts it itself. */
  readonly server?: ProcessId;
  /** The process in the agent's pane, on a server that others use too. Left out: the server is its own. */
  readonly agent?: ProcessId;
  /** The channel that the client signals once, when it is about to wait. */
  readonly readyChannel?: string;
  /** What the server is started through, words apart: `systemd-run …`. */
  readonly launcher?: readonly string[];
  readonly graceMs: number;
}

const GRACE_MS = 2000;

/** How long a recorder waits, after its server ended, for the claim of whoever ended it. */
export function graceFrom(env: Env): number {
  const text = env["IAPEER_CANARY_GRACE_MS"];
  return text !== undefined && /^[0-9]{1,6}$/.test(text) ? Number(text) : GRACE_MS;
}

/**
 * The tmux arguments that wake the client of an incarnation's recorder, so that the recorder looks what there is. Nobody else waits on its
 * channel, and another server on that socket is left alone.
 */
export function planWake({ incarnation, server }: Pick<Incarnation, "incarnation"> & { readonly server: ProcessId }): string[] {
  return ["if-shell", "-F", `#{==:#{pid},${server.pid}}`, `wait-for -S iap-canary-${incarnation}`];
}

/** What a script is told of the incarnation that it is for. */
export function scriptOf({
  identity,
  incarnation,
  socket,
  shared,
  server,
  pane,
}: Incarnation): Pick<CanaryScript, "identity" | "incarnation" | "socket" | "server" | "agent"> {
  return {
    identity,
    incarnation,
    socket,
    ...(server !== null && { server }),
    ...(shared === true && pane !== null && { agent: pane }),
  };
}

/** The recorder's script for one server: what it is told, then what is the platform's, then what is the same everywhere. */
export function renderCanaryScript(script: CanaryScript): string {
  const told = Object.entries(valuesOf(script)).map(([name, value]) => `${name}=${quoteForSh(value)}`);
  const platformPart = script.platform === "darwin" ? macosPart : linuxPart;
  return ["#!/bin/sh", SHELLCHECK, ...told, "", platformPart, judgePart, body].join("\n");
}

/** What is set in one part and used in another; what is quoted so that nothing in it expands; macOS' own ulimit. */
const SHELLCHECK = "# shellcheck disable=SC2016,SC2034,SC2154,SC2317,SC3045";

function valuesOf(script: CanaryScript): Record<string, string> {
  const { layout, identity, incarnation, server, agent } = script;
  const [forensicsField, forensicsEnd] = renderOpenField("forensics", `${layout.deathsFolder}/`);
  return {
    identity,
    incarnation,
    socket: script.socket,
    tmux: script.tmux,
    witness: script.witness,
    launcher: (script.launcher ?? []).join(" "),
    server_pid: server === undefined ? "" : String(server.pid),
    server_start: server?.start ?? "",
    agent_start: agent?.start ?? "",
    announce: script.readyChannel === undefined ? "" : `wait-for -S ${script.readyChannel} ; `,
    grace: String(script.graceMs / 1000),
    folder: incarnationPaths(layout, identity, incarnation).folder,
    session_log: sessionLogPath(layout, identity),
    launch_mark: launchMark(script),
    lifecycle_log: layout.lifecycleLog,
    exits_log: layout.exitsLog,
    deaths_folder: layout.deathsFolder,
    forensics_field: forensicsField,
    forensics_end: forensicsEnd,
  };
}

/** A field whose value is only known in part: what stands before the rest of it, and after. The rest needs no quoting. */
function renderOpenField(key: string, prefix: string): readonly [string, string] {
  const mark = "rest";
  const field = renderLogLine({ [key]: prefix + mark });
  const at = field.lastIndexOf(mark);
  return [field.slice(0, at), field.slice(at + mark.length)];
}
