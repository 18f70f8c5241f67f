/**
 * The ways in which a caller stands to the target of an act. One caller may stand in several: a manager that acts on itself is a manager, and itself.
 * `agent` is any other agent, and `parent` the agent that made a helper.
 */
export const STANDINGS = ["person", "orchestrator", "manager", "itself", "parent", "agent"] as const;
export type Standing = (typeof STANDINGS)[number];

type Row = readonly [person: boolean, orchestrator: boolean, manager: boolean, itself: boolean, parent: boolean, agent: boolean];

/** The standings that may do each kind of act, in the columns of STANDINGS. One standing that may is enough. */
const ROWS = {
  look: [true, true, true, true, true, true],
  run: [true, true, true, false, true, false],
  change: [true, true, true, false, false, false],
  order: [true, true, true, false, true, false],
  host: [true, false, false, false, false, false],
  leave: [false, false, false, true, false, false],
} as const satisfies Record<string, Row>;

/** The kind of each act, by the words that call it. */
export const ACTS = {
  list: "look",
  show: "look",
  status: "look",
  deaths: "look",
  tail: "look",
  watch: "look",
  screen: "look",
  send: "look",
  stop: "run",
  launch: "run",
  "canary arm": "run",
  "canary dismiss": "run",
  add: "change",
  update: "change",
  remove: "change",
  "memory-plugin": "change",
  "native-memory": "change",
  "provider run": "change",
  "verify --fix": "change",
  "fleet init": "change",
  "fleet apply": "change",
  "fleet add": "change",
  "fleet remove": "change",
  "send --directive": "order",
  "update --manager": "host",
  "fleet install": "host",
  "fleet uninstall": "host",
  "supervise --install": "host",
  "supervise --uninstall": "host",
  retire: "leave",
} as const satisfies Record<string, keyof typeof ROWS>;

export type Act = keyof typeof ACTS;

/**
 * The acts that a standing may do to others and never to itself. The end of a session would cut its own call short, and a fleet keeps its
 * orchestrator.
 */
const NEVER_ON_ITSELF: Readonly<Partial<Record<Act, readonly Standing[]>>> = {
  stop: ["orchestrator"],
  remove: STANDINGS,
  "fleet remove": STANDINGS,
  "send --directive": STANDINGS,
};

/** Tells whether a caller that stands in these ways may do an act. */
export function mayAct(act: Act, standings: ReadonlySet<Standing>): boolean {
  if (standings.has("itself") && NEVER_ON_ITSELF[act]?.some((one) => standings.has(one))) return false;
  return STANDINGS.some((one, column) => standings.has(one) && ROWS[ACTS[act]][column]);
}

/** The standings that may do an act, in the order of the columns. */
export function allowedTo(act: Act): Standing[] {
  return STANDINGS.filter((_, column) => ROWS[ACTS[act]][column]);
}
