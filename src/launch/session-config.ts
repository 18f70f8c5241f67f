import { escapeFormats, quoteForSh, quoteForTmux } from "../core/quoting.ts";
import { AGENT_PANE_OPTION, INCARNATION_OPTION, PANE_DIED_HOOK } from "./pane-died.ts";

/** A session as tmux is to make it. */
export interface SessionConfig {
  readonly identity: string;
  readonly incarnation: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The person's login shell, for windows that they open beside the agent; undefined: none is known. */
  readonly shell: string | undefined;
  /** The pane-died hook, a tmux command. */
  readonly hook: string;
  /** The command of pane output's logger, as tmux expands it. */
  readonly logger: string;
}

/**
 * The commands that make the session on a server that has none, for `source-file`: an argument may be as long as it likes there, and
 * nothing that runs can end between two of them.
 *
 * Only the agent's own pane remains after its process ended, for the hook to look at; every other just closes.
 */
export function renderSessionConfig({ identity, incarnation, argv, cwd, shell, hook, logger }: SessionConfig): string {
  const pane = `-t ${quoteForTmux(`=${identity}:`)}`;
  const lines = [
    `set-option -s ${INCARNATION_OPTION} ${incarnation}`,
    "set-option -s escape-time 10",
    "set-option -g default-terminal screen-256color",
    // What tmux itself runs (the hook) goes through a shell that is known to work; a person's window gets the person's own.
    "set-option -g default-shell /bin/sh",
    ...(shell === undefined ? [] : [`set-option -g default-command ${quoteForTmux(`exec ${quoteForSh(shell)} -l`)}`]),
    `set-hook -g ${PANE_DIED_HOOK} ${quoteForTmux(hook)}`,
    // tmux 3.3 draws a line of its own into a dead pane; before that there is no such option.
    'set-option -gq remain-on-exit-format ""',
    "set-option -g remain-on-exit on",
    `new-session -d -x 200 -y 50 -s ${identity} -c ${quoteForTmux(escapeFormats(cwd))} -- ${directly(argv).map(quoteForTmux).join(" ")}`,
    `set-option -p ${pane} remain-on-exit on`,
    `set-option -p ${pane} ${AGENT_PANE_OPTION} 1`,
    "set-option -g remain-on-exit off",
    `pipe-pane ${pane} ${quoteForTmux(logger)}`,
    "set-option -s exit-empty on",
  ];
  return `${lines.join("\n")}\n`;
}

/** tmux executes several words as they are, and hands a single one to a shell to read: that shell is to read nothing of it. */
function directly(argv: readonly string[]): readonly string[] {
  return argv.length > 1 ? argv : ["/bin/sh", "-c", 'exec "$0"', ...argv];
}
