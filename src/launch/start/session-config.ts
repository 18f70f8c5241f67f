import { escapeFormats, quoteForSh, quoteForTmux } from "../../core/text/quoting.ts";
import { PANE_DIED_HOOK } from "../hook/hook.ts";
import { AGENT_PANE_OPTION, INCARNATION_OPTION } from "../stamp.ts";

/** A session as tmux is to make it. */
export interface SessionConfig {
  readonly identity: string;
  readonly incarnation: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All that the session is to have around it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The pane-died hook, a tmux command. */
  readonly hook: string;
  /** The command of pane output's logger, as tmux expands it. */
  readonly logger: string;
  /** The file that is there as soon as the logger holds the pane's terminal. */
  readonly heldMark: string;
}

/**
 * The commands that make the session on a server that has none, for `source-file`: an argument may be as long as it likes there, and
 * nothing that runs can end between two of them.
 *
 * Only the agent's own pane remains after its process ended, for the hook to look at; every other just closes.
 */
export function renderSessionConfig({
  identity,
  incarnation,
  argv,
  cwd,
  environment,
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
    // What tmux itself runs (the hook) goes through a shell that is known to work; a person's window gets the person's own.
    "set-option -g default-shell /bin/sh",
    ...(!shell ? [] : [`set-option -g default-command ${quoteForTmux(`exec ${quoteForSh(shell)} -l`)}`]),
    `set-hook -g ${PANE_DIED_HOOK} ${quoteForTmux(hook)}`,
    // tmux 3.3 draws a line of its own into a dead pane; before that there is no such option.
    'set-option -gq remain-on-exit-format ""',
    "set-option -g remain-on-exit on",
    `new-session -d -x 200 -y 50 -s ${identity} -c ${quoteForTmux(escapeFormats(cwd))} -- ${renderHeldProgram(heldMark, argv)}`,
    `set-option -p ${pane} remain-on-exit on`,
    `set-option -p ${pane} ${AGENT_PANE_OPTION} 1`,
    "set-option -g remain-on-exit off",
    `pipe-pane ${pane} ${quoteForTmux(logger)}`,
    "set-option -s exit-empty on",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * What stands before the program's own words: it waits, for a second at the most, until the logger holds the terminal, and becomes the
 * program then. One that lets go of its terminal at once would be hung up on before. Nothing of the words is read by this shell, as tmux
 * would have one read a single word.
 *
 * @param then what else the shell does before; its `$1` and so on are the words
 */
export function renderHeldProgram(mark: string, words: readonly string[], then = ""): string {
  const script = `n=0; until [ -e "$0" ] || [ "$n" -ge 100 ]; do n=$((n + 1)); /bin/sleep 0.01; done; ${then}exec "$@"`;
  return ["/bin/sh", "-c", script, mark, ...words].map(quoteForTmux).join(" ");
}
