import { renderLogLine } from "../../core/text/logfmt.ts";
import { encodeForPrintf, escapeFormats, quoteForSh, quoteForTmux } from "../../core/text/quoting.ts";
import { renderPenLine } from "../pen.ts";
import { AGENT_PANE_OPTION, renderIsAgentPane, renderIsOurs } from "../stamp.ts";

/** The facts that the hook of one incarnation is told. All paths are absolute. */
export interface PaneDiedOptions {
  /** The identity, which is also the name of the session. */
  readonly identity: string;
  /** Its uuid. */
  readonly incarnation: string;
  /** The folder of `claim` and `recorded`. */
  readonly incarnationFolder: string;
  readonly socket: string;
  /** The tmux program. */
  readonly tmux: string;
  readonly exitsLog: string;
  readonly deathsFolder: string;
  readonly launchedAt: Date;
  /** /proc/uptime at the launch; undefined on a system without that file. */
  readonly launchedUptimeSecs: number | undefined;
}

/**
 * The pane-died hook of a session, a tmux command that works with every default-shell. It runs renderPaneDiedProgram for the agent's pane,
 * and does nothing for any other.
 *
 * tmux 3.3a and 3.4 miss the SIGCHLD of some deaths, and run no hook until they get another one. A process has to send the server a SIGCHLD
 * now and then.
 */
export function renderPaneDiedHook(options: PaneDiedOptions): string {
  const program = `exec /bin/sh -c ${quoteForSh(escapeFormats(renderPaneDiedProgram(options)))} sh ${PROGRAM_ARGUMENTS}`;
  // tmux reads a text that begins with 0, as a uuid may, as false.
  return `if-shell -F "#{!=:#{${AGENT_PANE_OPTION}},}" ${quoteForTmux(`run-shell -b ${quoteForTmux(program)}`)}`;
}

/** The arguments that tmux fills in: only ids and numbers, because tmux does not quote them. */
const PROGRAM_ARGUMENTS = '"#{pane_id}" "#{pane_dead_status}" "#{pane_dead_signal}" "#{pid}" "#{pane_pid}"';

/**
 * The sh program that records the end of the agent's pane and then ends the session. It is one line without a single quote or a `!`, and
 * with backslashes only in printf's octals, so that it is the same word in sh, fish and csh. $1 is the pane's id, $2 its exit status, $3 its
 * signal, $4 the server's pid, $5 the pane's pid.
 */
export function renderPaneDiedProgram(options: PaneDiedOptions): string {
  return [
    ...renderSurroundings(options),
    ...renderFinish(options),
    'if [ -e "$folder/claim" ] || [ -e "$folder/recorded" ]; then finish; fi',
    ...renderFacts(options),
    ...renderForensics(options),
    // The end may have been claimed or recorded while the forensics were written.
    'if [ -e "$folder/claim" ] || [ -e "$folder/recorded" ]; then rm -f "$file"; finish; fi',
    renderPenLine(),
    'if take_pen; then :; else rm -f "$file"; finish; fi',
    ...renderRecord(options),
    "finish",
  ].join("; ");
}

function renderSurroundings({ incarnation, ...paths }: PaneDiedOptions): string[] {
  return [
    "PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C",
    "export PATH LC_ALL",
    "exec </dev/null >/dev/null 2>&1",
    "cd /",
    "umask 077",
    // A server that ends sends SIGTERM to its jobs, and this one must finish.
    'trap "" HUP INT TERM',
    renderVariable("folder", paths.incarnationFolder),
    renderVariable("socket", paths.socket),
    renderVariable("tmux", paths.tmux),
    renderVariable("exits_log", paths.exitsLog),
    renderVariable("deaths", paths.deathsFolder),
    `incarnation=${incarnation}`,
    `is_ours="${renderIsOurs(incarnation)}" is_agent="${renderIsAgentPane(incarnation)}"`,
  ];
}

/**
 * Ends the agent's session, and then every other session of ours that holds its pane: one that a person renamed, and those of watchers,
 * which would keep the windows and so a server of its own. The pane itself comes last, because a person may have taken it into a session of
 * theirs.
 */
function renderFinish({ identity }: PaneDiedOptions): string[] {
  const isItsSession = `#{&&:$is_ours,#{||:#{==:#{session_name},${identity}},#{==:#{pane_id},$pane}}}`;
  return [
    // In a function $1 is the argument of the function.
    "pane=$1 dead_status=$2 server=$4 agent=$5",
    // For a target that is gone tmux takes another, so each call checks that it is the one.
    'call() { "$tmux" -S "$socket" "$@"; }',
    // tmux would read the $ of a session's id as the start of a variable.
    String.raw`escape=$(printf "\134")`,
    'close() { call if-shell -F -t "$1:" "#{&&:$is_ours,#{==:#{session_id},$1}}" "kill-session -t $escape$1"; }',
    'close_pane() { call if-shell -F -t "$pane" "#{&&:$is_agent,#{==:#{pane_id},$pane}}" "kill-pane -t $pane"; }',
    `finish() { for id in $(call list-panes -a -f "${isItsSession}" -F "#{session_id}"); do close "$id"; done; close_pane; exit 0; }`,
  ];
}

/** Sets a variable. `$(…)` drops the newlines at the end of a text, but not those before another character. */
function renderVariable(name: string, text: string): string {
  return `${name}=$(printf "%b" "${encodeForPrintf(text)}_"); ${name}=\${${name}%_}`;
}

function renderFacts({ launchedAt, launchedUptimeSecs }: PaneDiedOptions): string[] {
  const launchedSecs = Math.floor(launchedAt.getTime() / 1000);
  const monotonic = `if read -r up _ </proc/uptime; then lived=$((\${up%%.*} - ${Math.floor(launchedUptimeSecs ?? 0)})); fi`;
  return [
    // Only GNU date has %N.
    "now=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)",
    "case $now in *.[0-9][0-9][0-9]Z) ;; *) now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z) ;; esac",
    "lived=-1",
    ...(launchedUptimeSecs === undefined ? [] : [monotonic]),
    `if [ "$lived" -lt 0 ]; then lived=$(($(date +%s) - ${launchedSecs})); fi`,
    'if [ "$lived" -lt 0 ]; then lived=0; fi',
    // tmux gives the name of the signal on the BSDs, in either case, and its number on Linux.
    'signal=$(printf "%s" "${3#SIG}" | tr "[:lower:]" "[:upper:]")',
    'case $signal in [0-9]*) name=$(kill -l "$signal"); signal=${name:-$signal} ;; esac',
    'case $signal in "") reason="the pane of the agent ended with exit status $2" ;; *) reason="the pane of the agent was ended by signal $signal" ;; esac',
    'case $signal in "") case $2 in 0) verdict=orderly-exit ;; *) verdict=failed ;; esac ;; SEGV|ABRT|BUS|ILL|FPE|TRAP|SYS) verdict=crashed ;; *) verdict=killed ;; esac',
    'if [ -z "$2$signal" ]; then verdict=unknown reason="tmux does not say how the pane of the agent ended"; fi',
    "proof=",
    ...(launchedUptimeSecs === undefined ? [] : renderMemoryProof(Math.floor(launchedUptimeSecs))),
  ];
}

/** The kernel names the process that it kills for memory. Its pids are not ours in another pid namespace, and earlier lines are of others. */
function renderMemoryProof(launchedSecs: number): string[] {
  return [
    "line=",
    'if [ "$signal:$(readlink /proc/self/ns/pid)" = "KILL:pid:[4026531836]" ]; then line=$( (timeout 5 dmesg || timeout 5 journalctl -k -q --no-pager -n 500 -o short-monotonic) | grep -F "Killed process $5 (" | tail -n 1); fi',
    'at=$(printf "%s" "${line%%.*}" | tr -d "[ ")',
    `if [ "$at" -ge ${launchedSecs} ]; then verdict=oom-kill proof=" verdict=oom-kill" reason="the kernel says so: $line"; fi`,
  ];
}

const HEAD_FORMAT = [
  "iapeer forensics 1",
  ...["identity", "incarnation", "server_pid", "died", "lived_secs", "dead_status", "dead_signal", "verdict", "reason"].map(
    (key) => `${key}: %s`,
  ),
  "",
  "== last lines ==",
  "",
].join(String.raw`\012`);

const LAST_LINES = 50;
const LAST_LINES_BYTES = 16_384;

/** Drops the blank lines at the end, because a screen is mostly empty, and keeps a line from looking like a section. */
const TRIM = "NF{while(n>0){print none;n--}if(/^==/)printf sp;print;next}{n++}";

function renderForensics({ identity, incarnation }: PaneDiedOptions): string[] {
  const head = `printf "${HEAD_FORMAT}" ${identity} ${incarnation} "$4" "$now" "$lived" "$2" "$signal" "$verdict" "$reason"`;
  const lines = `"$tmux" -u -S "$socket" capture-pane -p -S -${LAST_LINES} -t "$1" | awk -v "sp= " "${TRIM}" | tail -n ${LAST_LINES} | tail -c ${LAST_LINES_BYTES}`;
  return [
    'stamp=$(printf "%s" "$now" | tr -d ":.-")',
    `file=$deaths/${identity}-$stamp.txt`,
    'mkdir -p "$deaths" "${exits_log%/*}"',
    `(set -C; { ${head}; ${lines}; } >"$file")`,
  ];
}

/** The seconds that a full disk may stay full, before the session ends without a record of its agent's status. */
const FULL_DISK_TRIES = 60;

function renderRecord({ identity, incarnation, deathsFolder }: PaneDiedOptions): string[] {
  const [before, after] = renderForensicsField(`${deathsFolder}/${identity}-`);
  const fields = `ts=$now ev=session-exit identity=${identity} dead_status=$dead_status dead_signal=$signal pane_pid=$agent server_pid=$server incarnation=${incarnation} lived_secs=$lived$proof`;
  const claim = String.raw`{\042version\042:1,\042by\042:\042session-exit\042,\042ts\042:\042%s\042}\012`;
  return [
    "forensics=",
    `if [ -s "$file" ]; then ${renderVariable("before", before)}; ${renderVariable("after", after)}; forensics=" $before$stamp$after"; fi`,
    // A line that a crash cut short is ended with a mark that no whole line has.
    'torn="" logged=""',
    String.raw`if [ -s "$exits_log" ] && [ "$(tail -c 1 "$exits_log" | wc -l)" -eq 0 ]; then torn=" torn\0012"; fi`,
    // Links are not followed, and a FIFO would not answer.
    'is_file() { if [ -h "$exits_log" ]; then return 1; fi; [ -f "$exits_log" ] || if [ -e "$exits_log" ]; then return 1; fi; }',
    String.raw`append() { is_file && printf "%b%s\012" "$torn" "${fields}$forensics" >>"$exits_log"; }`,
    // When the log cannot be written, the recorder writes this line later, after the server's end.
    String.raw`keep() { printf "%s\012" "${fields}$forensics" >"$folder/pending.part" && mv -f "$folder/pending.part" "$folder/pending"; }`,
    `tries=0; until { append && logged=yes; } || keep || [ "$tries" -ge ${FULL_DISK_TRIES} ]; do tries=$((tries + 1)); sleep 1; done`,
    `if [ "$logged" = yes ]; then printf "" >"$folder/recorded"; (set -C; printf "${claim}" "$now" >"$folder/claim"); fi`,
  ];
}

/** The field of the log as renderLogLine writes it, in two parts: before and after the time in the file's name. */
function renderForensicsField(pathBefore: string): [string, string] {
  const field = renderLogLine({ forensics: `${pathBefore}.txt` });
  const at = field.lastIndexOf(".txt");
  return [field.slice(0, at), field.slice(at)];
}
