import { escapeFormats, quoteForTmux } from "../../core/text/quoting.ts";
import { PANE_DIED_HOOK } from "../hook/hook.ts";
import { renderForgetToken, renderHeldProgram, type SessionConfig } from "./session-config.ts";
import { AGENT_PANE_OPTION, INCARNATION_OPTION, renderIsOurs } from "../stamp.ts";
import { TOKEN_VARIABLE } from "../token.ts";

/**
 * The commands, for `source-file`, that make a session on a shared server and print the id of its pane. They touch nothing but that
 * session. They stand on one line, because tmux leaves out the rest of a line after a command that fails, as for a name that is taken.
 *
 * The environment is the session's. It stands on no command line, where every user could read it.
 */
export function renderSharedSession({ identity, incarnation, argv, cwd, environment, token, heldMark }: SessionConfig): string {
  const variables = Object.entries({ ...environment, [TOKEN_VARIABLE]: token }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const set = variables.map(([name, value]) => `-e ${quoteForTmux(`${name}=${value}`)}`).join(" ");
  const names = variables.map(([name]) => name).filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const program = renderHeldProgram(heldMark, [[...TMUX_SETS, ...names].join(" "), ...argv], DROP_THE_REST);
  const session = `-t ${quoteForTmux(`=${identity}:`)}`;
  const commands = [
    `new-session -d -P -F "#{pane_id}" -x 200 -y 50 -s ${identity} -c ${quoteForTmux(escapeFormats(cwd))} ${set} -- ${program}`,
    renderForgetToken(identity),
    `set-option ${session} ${INCARNATION_OPTION} ${incarnation}`,
    // A person may have this on for all their sessions. A session without a client would then end.
    `set-option ${session} destroy-unattached off`,
    // As on a server of its own, the hook runs in a shell that reads no start files, and a person's window gets the person's shell.
    `if-shell -F ${session} "#{==:#{default-command},}" ${quoteForTmux(`set-option -F ${session} default-command "exec #{q:default-shell} -l"`)}`,
    `set-option ${session} default-shell /bin/sh`,
  ];
  return `${commands.join(" ; ")}\n`;
}

/** The commands that make one pane of that session the agent's. A person's own hook may have opened more panes. */
export function renderSharedPane(pane: string, { incarnation, hook, logger }: SessionConfig): string {
  const commands = [
    `set-option -p -t ${pane} ${AGENT_PANE_OPTION} ${incarnation}`,
    // The pane stays after its process ended, so that the hook can look at it.
    `set-option -p -t ${pane} remain-on-exit on`,
    `set-option -pq -t ${pane} remain-on-exit-format ""`,
    `set-hook -p -t ${pane} ${PANE_DIED_HOOK} ${quoteForTmux(hook)}`,
    `pipe-pane -t ${pane} ${quoteForTmux(logger)}`,
  ];
  return `if-shell -F -t ${pane} ${quoteForTmux(renderIsOurs(incarnation))} ${quoteForTmux(commands.join(" ; "))}\n`;
}

/** The variables that tmux itself gives to a pane. */
const TMUX_SETS = ["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE", "PWD", "SHELL"];

/**
 * Drops the variables of the server, which a pane has too. `$1` names the variables that stay, and SHELL becomes what it is on a server of
 * its own. The script uses only what the shell itself has, because PATH is the session's and may be empty.
 */
const DROP_THE_REST = [
  '_iap=" $1 "; shift; set -f',
  "IFS='\n'",
  'for _iap_n in $(export -p); do case $_iap_n in "export "*) ;; *) continue ;; esac',
  "_iap_n=${_iap_n#export }; _iap_n=${_iap_n%%=*}",
  'case $_iap_n in ""|*[!A-Za-z0-9_]*) continue ;; esac',
  'case $_iap in *" $_iap_n "*) ;; *) command unset -v "$_iap_n" ;; esac; done',
  "SHELL=/bin/sh; export SHELL; ",
].join("; ");
