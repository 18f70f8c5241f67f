import { escapeFormats, quoteForSh, quoteForTmux } from "../../core/text/quoting.ts";
import { PANE_DIED_HOOK } from "../hook/hook.ts";
import { AGENT_PANE_OPTION, INCARNATION_OPTION } from "../stamp.ts";
import { TOKEN_VARIABLE } from "../token.ts";

/** A session as tmux makes it. */
export interface SessionConfig {
  readonly identity: string;
  readonly incarnation: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the session. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The secret that only the agent's own process gets: no other window of the session, and no command line. */
  readonly token: string;
  /** The pane-died hook, a tmux command. */
  readonly hook: string;
  /** The command of the pane's logger, in which tmux expands formats. */
  readonly logger: string;
  /** The file that the logger makes as soon as it holds the pane's terminal. */
  readonly heldMark: string;
}

/**
 * The commands, for `source-file`, that make the session on a server without one. Arguments may have any length there, and no process can
 * end between two of the commands.
 *
 * Only the agent's own pane stays after its process ended, so that the hook can look at it. Every other pane closes.
 */
export function renderSessionConfig({
  identity,
  incarnation,
  argv,
  cwd,
  environment,
  token,
  hook,
  logger,
  heldMark,
}: SessionConfig): string {
  const shell = environment["SHELL"];
  const pane = `-t ${quoteForTmux(`=${identity}:`)}`;
  const lines = [
    `set-option -s ${INCARNATION_OPTION} ${incarnation}`,
    "set-option -s escape-time 10",
    "set-option -g default-terminal screen-256color",
    "set-option -g status-left-length 80",
    'set-option -g status-left "[#S] "',
    'set-option -g status-right "Ctrl-b d leaves"',
    // The hook runs in a shell that is known to work. A person's window gets the person's own shell.
    "set-option -g default-shell /bin/sh",
    ...(!shell ? [] : [`set-option -g default-command ${quoteForTmux(`exec ${quoteForSh(shell)} -l`)}`]),
    `set-hook -g ${PANE_DIED_HOOK} ${quoteForTmux(hook)}`,
    // tmux 3.3 and later draw a line of their own into a dead pane. Older ones have no such option.
    'set-option -gq remain-on-exit-format ""',
    "set-option -g remain-on-exit on",
    `new-session -d -x 200 -y 50 -s ${identity} -c ${quoteForTmux(escapeFormats(cwd))} -e ${TOKEN_VARIABLE}=${token} -- ${renderHeldProgram(heldMark, argv)}`,
    renderForgetToken(identity),
    `set-option -p ${pane} remain-on-exit on`,
    `set-option -p ${pane} ${AGENT_PANE_OPTION} 1`,
    "set-option -g remain-on-exit off",
    `pipe-pane ${pane} ${quoteForTmux(logger)}`,
    "set-option -s exit-empty on",
  ];
  return `${lines.join("\n")}\n`;
}

/** The command that takes the token out of the session again, so that no window that a person opens has it. */
export function renderForgetToken(identity: string): string {
  return `set-environment -u -t ${quoteForTmux(`=${identity}:`)} ${TOKEN_VARIABLE}`;
}

/**
 * The shell that waits, for a second at most, until the logger holds the terminal, and then becomes the program. Without the wait a program
 * that lets go of its terminal at once would be hung up on before. This shell reads none of the words, as a shell of tmux would read a
 * single word.
 *
 * @param then more commands for the shell, in which `$1` and so on are the words
 */
export function renderHeldProgram(mark: string, words: readonly string[], then = ""): string {
  const script = `n=0; until [ -e "$0" ] || [ "$n" -ge 100 ]; do n=$((n + 1)); /bin/sleep 0.01; done; ${then}exec "$@"`;
  return ["/bin/sh", "-c", script, mark, ...words].map(quoteForTmux).join(" ");
}
