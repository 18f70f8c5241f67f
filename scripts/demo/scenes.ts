import type { Typed } from "./stage.ts";

/** A line that a person types, and what it must show. */
export interface Scene {
  /** The reason, shown above the line. */
  readonly say?: string;
  /** A function makes the line of what the scene before printed, for a pid or an id in it. */
  readonly type: string | ((before: string) => string);
  /** The exit status. Default: 0. */
  readonly exit?: number;
  readonly shows: readonly RegExp[];
  /** How long the line may take to show it: until then it is run again. Default: it must show it the first time. */
  readonly mayTakeMs?: number;
}

/** How long a launched agent may take to print something. */
const PRINT_MS = 10_000;
/** How long a record may take: a canary waits two seconds before it writes, and a busy host takes longer. */
const RECORD_MS = 20_000;

/** The main job, from a provider's claim to a peer's removal, with a death in between. */
export const SCENES: readonly Scene[] = [
  {
    say: "A memory provider is a program of your own. This one is a shell script:",
    type: "cat notebook.sh",
    shows: [/^#!\/bin\/sh/],
  },
  { say: "It claims the memory slot of this host:", type: "sh notebook.sh install", shows: [/^$/] },
  { type: "iapeer provider check", shows: [/notebook 1\.0\.0, no problems/] },
  {
    say: "Three peers. Each gets its folder, its card and its memory:",
    type: "iapeer add alice",
    shows: [/^added alice/, /memory claude: ok/],
  },
  {
    type: `iapeer add bob --cwd "bob's own folder" --runtime claude --runtime codex --description "keeps the app"`,
    shows: [/^added bob at .*\/bob's own folder$/m, /memory claude: ok/, /memory codex: ok/],
  },
  { type: "iapeer add herald --runtime telegram", shows: [/^added herald/] },
  {
    type: "iapeer list",
    shows: [/^PEER +RUNTIMES/, /^alice +claude asleep/m, /bob's own folder +keeps the app$/m, /^herald +telegram asleep/m],
  },
  {
    say: "What the provider was told: once per peer and agent, each value as one argument, whatever is in it:",
    type: "cat store/told.log",
    shows: [/^attach alice\/claude \(birth\): /, /^attach bob\/codex \(birth\): .*\/bob's own folder$/m],
  },
  {
    say: "Now the provider breaks. The peer is registered all the same, and the warning says what to type:",
    type: "mv store store.away",
    shows: [/^$/],
  },
  { type: "iapeer add carol", shows: [/the store is not mounted/, /iapeer memory-plugin on --peer carol$/m, /^added carol/m] },
  {
    type: "iapeer status",
    exit: 1,
    shows: [/4 \(4 asleep\)/, /3 attached, 1 failed/, /^! claude-carol: .*iapeer memory-plugin on --peer carol$/m],
  },
  { say: "Mended, with the command that was printed:", type: "mv store.away store", shows: [/^$/] },
  { type: "iapeer memory-plugin on --peer carol", shows: [/^carol +claude +ok$/m, /^1 of 1 done/m] },
  { type: "iapeer status", shows: [/4 attached/] },
  {
    say: "A session, watched from its first moment. agent.sh stands in for claude here:",
    type: "iapeer launch bob",
    shows: [/^launched claude-bob \(pid \d+\)$/m],
  },
  { type: "iapeer tail bob", shows: [/^good morning, I am bob$/m], mayTakeMs: PRINT_MS },
  { type: "iapeer canary status", shows: [/^claude-bob +\d+ +armed \(parent, pid \d+\)/m] },
  {
    say: "Somebody kills its tmux server, the hard way. Two seconds later that is on record, with what was found out:",
    type: (before) => `kill -9 ${/^claude-bob +(\d+)/m.exec(before)?.[1]}`,
    shows: [/^$/],
  },
  {
    type: "iapeer deaths",
    shows: [/^2.* claude-bob +its server died +killed +signal KILL +[0-9a-f]{8}$/m],
    mayTakeMs: RECORD_MS,
  },
  {
    type: (before) => `iapeer deaths show ${/([0-9a-f]{4})[0-9a-f]{4}$/m.exec(before)?.[1]} | head -n 11`,
    shows: [
      /^claude-bob: its server died, after /,
      /^verdict: +killed\n +its parent saw it end by SIGKILL$/m,
      /^ {2}good morning, I am bob$/m,
    ],
  },
  {
    say: "An end on purpose is no death:",
    type: "iapeer launch bob && iapeer stop bob && iapeer status",
    exit: 1,
    shows: [/^stopped claude-bob$/m, /^deaths: +1 in the last 24 hours$/m],
  },
  {
    say: "Leaving: the provider detaches the memory first, and the folder stays:",
    type: "iapeer remove alice",
    shows: [/^removed alice; its folder stays/, /memory claude: ok/],
  },
  { type: "tail -n 1 store/told.log", shows: [/^detach alice\/claude \(remove\): /] },
  { type: "iapeer list", shows: [/^bob +claude stopped.* killed, /m, /^carol /m, /^herald /m] },
  {
    say: "A team is one file. Apply it, see who answers, write to one of them:",
    type: "iapeer fleet init --profile general --write",
    shows: [/^wrote /],
  },
  { type: "iapeer fleet apply --start", shows: [/^worker0 +add +done +launch +launched$/m, /^3 added$/m] },
  { type: "iapeer fleet ps", shows: [/^3 agents: 3 healthy$/m], mayTakeMs: RECORD_MS },
  { type: 'iapeer send worker0 --from orchestrator -m "the build is yours" --verify', shows: [/^accepted by claude-worker0$/m] },
  {
    type: "iapeer tail worker0 --lines 1",
    shows: [/^\[.*:orchestrator -> .*:worker0\] the build is yours$/m],
    mayTakeMs: PRINT_MS,
  },
];

export const WHERE_NEXT = [
  "Where to go next:",
  "  README.md                 install it, and your own provider in two minutes",
  "  docs/peers.md             peers: add, list, show, update, remove, verify",
  "  docs/sessions.md          launch, attach, tail, stop",
  "  docs/deaths.md            what died, and why",
  "  docs/fleet.md             a team: declare it, apply it, see it, talk to it, have it back after a reboot",
  "  docs/memory-providers.md  everything a provider may rely on",
  "  npm test                  every promise, checked",
].join("\n");

/** The differences from the scene; undefined when there are none. */
export function findFailure(
  { type: line, exit = 0, shows }: Scene & { readonly type: string },
  { status, printed }: Typed,
): string | undefined {
  if (status !== exit) return `"${line}" exited with ${status}, not ${exit}`;
  const missing = shows.find((pattern) => !pattern.test(printed));
  return missing === undefined ? undefined : `"${line}" printed nothing like ${String(missing)}`;
}
