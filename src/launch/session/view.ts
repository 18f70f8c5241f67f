import { quoteForTmux } from "../../core/text/quoting.ts";
import { callTmux } from "../../core/tmux.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { INCARNATION_OPTION, renderIsOurs } from "./stamp.ts";

/**
 * The tmux arguments that show a session, read-only, by a session of its own in its group: another may look at another window. That one
 * is gone with its client. They start no server, and show none but the one that was launched.
 */
export async function planView(incarnation: Incarnation): Promise<string[]> {
  return renderView(incarnation, await readAgentWindow(incarnation));
}

function renderView({ identity, incarnation }: Incarnation, window: string | undefined): string[] {
  const view = `watch-${crypto.randomUUID()}`;
  const isOurs = `#{&&:${renderIsOurs(incarnation)},#{==:#{session_name},${identity}}}`;
  const show = [
    // With its own terminal's size the watcher would make the agent draw anew.
    `new-session -t ${quoteForTmux(`=${identity}`)} -s ${view} -f read-only,ignore-size`,
    // In the same stroke: a client that is lost after it takes the session along.
    `set-option -t =${view}: destroy-unattached on`,
    `set-option -t =${view}: ${INCARNATION_OPTION} ${incarnation}`,
    ...(window === undefined ? [] : [`select-window -t =${view}:${window}`]),
    `set-option -t =${view}: status-style bg=blue`,
    `set-option -t =${view}: status-right ${quoteForTmux(" watching, Ctrl-b d leaves ")}`,
  ];
  return ["-N", "if-shell", "-F", "-t", `=${identity}:`, isOurs, show.join(" ; "), 'display-message -p "the session is gone"'];
}

/** A person may have another window in front, and a watcher cannot change to the agent's. */
async function readAgentWindow({ socket, pane }: Incarnation): Promise<string | undefined> {
  if (pane === null) return undefined;
  const answer = await callTmux(socket, ["list-panes", "-a", "-F", "#{pane_id} #{window_id}"]);
  const [, window] =
    (answer.ok ? answer.stdout.split("\n") : []).map((line) => line.split(" ")).find(([id]) => id === pane.id) ?? [];
  return window;
}
