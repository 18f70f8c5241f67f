import { renderLogLine } from "../../core/text/logfmt.ts";
import { type Layout, sessionLogPath } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { incarnationPaths, launchMark } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { PEN_SCRIPT } from "../pen.ts";
import judgePart from "./judge.sh" with { type: "text" };
import linuxPart from "./linux.sh" with { type: "text" };
import macosPart from "./macos.sh" with { type: "text" };
import body from "./recorder.sh" with { type: "text" };
import type { Witness } from "./types.ts";

/** The facts that a recorder's script is told. Every path is absolute. */
export interface CanaryScript {
  readonly layout: Layout;
  readonly platform: NodeJS.Platform;
  readonly identity: string;
  readonly incarnation: string;
  readonly socket: string;
  readonly tmux: string;
  readonly witness: Witness;
  /** The server to watch. A recorder that is the parent starts it itself. */
  readonly server?: ProcessId;
  /** The process in the agent's pane, on a shared server. Left out: the identity has a server of its own. */
  readonly agent?: ProcessId;
  /** The channel that the client signals once, just before it waits. */
  readonly readyChannel?: string;
  /** The words that the server is started through: `systemd-run …`. */
  readonly launcher?: readonly string[];
  readonly graceMs: number;
}

/** The facts of an incarnation that its script is told. */
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

/** The recorder's script for one server: the facts, then the part for the platform, then the part that is the same everywhere. */
export function renderCanaryScript(script: CanaryScript): string {
  const told = Object.entries(valuesOf(script)).map(([name, value]) => `${name}=${quoteForSh(value)}`);
  const platformPart = script.platform === "darwin" ? macosPart : linuxPart;
  return ["#!/bin/sh", SHELLCHECK, ...told, "", PEN_SCRIPT, platformPart, judgePart, body].join("\n");
}

/** The socket that a rendered script is for; undefined for another text. */
export function socketOf(script: string): string | undefined {
  return /^socket='((?:[^'\n]|'\\'')+)'$/m.exec(script)?.[1]?.replaceAll("'\\''", "'");
}

/** Variables cross from one part to another; some text is quoted so that nothing in it expands; macOS has its own ulimit. */
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

/** A log field whose value ends in text that is not known yet: the parts before and after that text, which needs no quoting. */
function renderOpenField(key: string, prefix: string): readonly [string, string] {
  const mark = "rest";
  const field = renderLogLine({ [key]: prefix + mark });
  const at = field.lastIndexOf(mark);
  return [field.slice(0, at), field.slice(at + mark.length)];
}
