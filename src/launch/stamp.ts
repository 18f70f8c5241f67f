/**
 * The pane option of the agent's own pane: "1" on a server of its own, the incarnation on a shared server. Every other pane belongs to a
 * person.
 */
export const AGENT_PANE_OPTION = "@iap_agent";
/** The option that holds the incarnation's uuid: a server option on a server of its own, a session option on a shared server. */
export const INCARNATION_OPTION = "@iap_incarnation";

/** A tmux format that is 1 for what belongs to an incarnation: its session, or everything on a server of its own. */
export function renderIsOurs(incarnation: string): string {
  return `#{==:#{${INCARNATION_OPTION}},${incarnation}}`;
}

/** A tmux format that is 1 for the pane of an incarnation's agent. */
export function renderIsAgentPane(incarnation: string): string {
  return `#{==:#{?#{==:#{${AGENT_PANE_OPTION}},1},#{${INCARNATION_OPTION}},#{${AGENT_PANE_OPTION}}},${incarnation}}`;
}
