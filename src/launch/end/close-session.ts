import { until } from "../../core/process/poll.ts";
import { quoteForTmux } from "../../core/text/quoting.ts";
import type { Tmux, TmuxAnswer } from "../../core/tmux.ts";
import { isServerRunning } from "../../status/incarnation/incarnation.ts";
import type { Running } from "../../status/incarnation/types.ts";
import { answers } from "../../status/liveness/liveness.ts";
import { hasSession } from "../session/session.ts";
import { renderIsAgentPane, renderIsOurs } from "../stamp.ts";

const CLOSED_MS = 2000;
const POLL_MS = 20;

/**
 * Ends the sessions of an incarnation on a shared server, and the agent's pane, which a person may have taken into a session of theirs. Each
 * call checks the stamp in the same stroke. The server gets no signal.
 *
 * @returns false when the server does not answer, or has something of the incarnation still: the caller then ends the pane's processes.
 */
export async function closeSession(incarnation: Running, tmux: Tmux): Promise<boolean> {
  const { socket, incarnation: uuid } = incarnation;
  if (!answers(incarnation)) return false;
  const sessions = await tmux.call(socket, ["list-sessions", "-f", renderIsOurs(uuid), "-F", "#{session_id}"]);
  if (!sessions.ok) return !isServerRunning(incarnation);
  for (const id of linesOf(sessions))
    await closeOne(incarnation, tmux, {
      target: `${id}:`,
      isIt: `#{&&:${renderIsOurs(uuid)},#{==:#{session_id},${id}}}`,
      close: `kill-session -t ${quoteForTmux(id)}`,
    });
  const panes = await tmux.call(socket, ["list-panes", "-a", "-f", renderIsAgentPane(uuid), "-F", "#{pane_id}"]);
  for (const id of linesOf(panes))
    await closeOne(incarnation, tmux, {
      target: id,
      isIt: `#{&&:${renderIsAgentPane(uuid)},#{==:#{pane_id},${id}}}`,
      close: `kill-pane -t ${id}`,
    });
  return await until(async () => !(await hasSession(incarnation, tmux)), { timeoutMs: CLOSED_MS, everyMs: POLL_MS });
}

interface Closing {
  readonly target: string;
  /** For a target that is gone tmux takes another, so this format checks that it is the one. */
  readonly isIt: string;
  readonly close: string;
}

async function closeOne({ socket }: Running, tmux: Tmux, { target, isIt, close }: Closing): Promise<void> {
  await tmux.call(socket, ["if-shell", "-F", "-t", target, isIt, close]);
}

function linesOf(answer: TmuxAnswer): Set<string> {
  return new Set(answer.ok ? answer.stdout.split("\n").filter((line) => line !== "") : []);
}
