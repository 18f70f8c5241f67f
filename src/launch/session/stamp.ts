/**
 * The agent's own pane has this pane option: "1" on a server of its own, and its incarnation on one that others use too. Every other pane
 * is a person's.
 */
export const AGENT_PANE_OPTION = "@iap_agent";
/** What holds the incarnation's uuid: the server's options, or on one that others use too those of the session. */
export const INCARNATION_OPTION = "@iap_incarnation";

/** A tmux format that is 1 for what is an incarnation's: a session, or on a server of its own everything. */
export function renderIsOurs(incarnation: string): string {
  return `#{==:#{${INCARNATION_OPTION}},${incarnation}}`;
}

/** A tmux format that is 1 for the pane of an incarnation's agent. */
export function renderIsAgentPane(incarnation: string): string {
  return `#{==:#{?#{==:#{${AGENT_PANE_OPTION}},1},#{${INCARNATION_OPTION}},#{${AGENT_PANE_OPTION}}},${incarnation}}`;
}
