import { quoteForTmux } from "../core/text/quoting.ts";
import type { Tmux } from "../core/tmux.ts";
import type { Incarnation } from "../status/incarnation/types.ts";
import { INCARNATION_OPTION, renderIsOurs } from "./stamp.ts";

/**
 * The tmux arguments that show a session read-only. The watcher gets a session of its own in the same group, so that it may look at
 * another window; that session goes with its client. The arguments start no server, and show only the incarnation that was launched.
 */
export async function planView(incarnation: Incarnation, tmux: Tmux): Promise<string[]> {
  return renderView(incarnation, await readAgentWindow(incarnation, tmux));
}

function renderView({ identity, incarnation }: Incarnation, window: string | undefined): string[] {
  const view = `watch-${crypto.randomUUID()}`;
  const isOurs = `#{&&:${renderIsOurs(incarnation)},#{==:#{session_name},${identity}}}`;
  const show = [
    // With the size of the watcher's terminal the agent would have to draw anew.
    `new-session -t ${quoteForTmux(`=${identity}`)} -s ${view} -f read-only,ignore-size`,
    // The same stroke sets this, so that a client that is lost later takes the session along.
    `set-option -t =${view}: destroy-unattached on`,
    `set-option -t =${view}: ${INCARNATION_OPTION} ${incarnation}`,
    ...(window === undefined ? [] : [`select-window -t =${view}:${window}`]),
    `set-option -t =${view}: status-style bg=blue`,
    `set-option -t =${view}: status-right ${quoteForTmux(" watching, Ctrl-b d leaves ")}`,
  ];
  return ["-N", "if-shell", "-F", "-t", `=${identity}:`, isOurs, show.join(" ; "), 'display-message -p "the session is gone"'];
}

/** The window of the agent's pane. A person may have another window in front, and a watcher cannot change windows. */
async function readAgentWindow({ socket, pane }: Incarnation, tmux: Tmux): Promise<string | undefined> {
  if (pane === null) return undefined;
  const answer = await tmux.call(socket, ["list-panes", "-a", "-F", "#{pane_id} #{window_id}"]);
  const [, window] =
    (answer.ok ? answer.stdout.split("\n") : []).map((line) => line.split(" ")).find(([id]) => id === pane.id) ?? [];
  return window;
}
