import { PRINT_MS, RECORD_MS, type Scene } from "./scene.ts";

/** One agent, from its name to its death. */
const agent: readonly Scene[] = [
  {
    say: "A peer is a name and a folder:",
    type: "iapeer add alice --cwd app",
    shows: [/^added alice at .*\/app$/m],
  },
  {
    say: "Its agent gets a terminal of its own. agent.sh stands in for claude here:",
    type: "iapeer launch alice",
    shows: [/^launched claude-alice \(pid \d+\)$/m],
  },
  {
    say: 'You take that terminal into yours, type "add a test", and leave with Ctrl-b d. The agent goes on:',
    type: "iapeer attach alice",
    keys: [
      { when: /Good morning, I am alice\./, press: "add a test\r" },
      { when: /On it\./, press: "\u0002d" },
    ],
    shows: [/^\[detached \(from session claude-alice\)\]$/m],
  },
  {
    say: "A message comes from anywhere. It is typed only into the agent's own, empty prompt:",
    type: 'iapeer send alice -m "the build is red" --verify',
    shows: [/^accepted by claude-alice$/m],
  },
  {
    type: "iapeer tail alice",
    shows: [/^> add a test\nOn it\.\n> \[.*:.* -> .*:alice\] the build is red\nOn it\.$/m],
    mayTakeMs: PRINT_MS,
  },
  {
    say: "The agent asks its person something. A message is no answer:",
    type: 'iapeer send alice -m "clean up" --verify',
    shows: [/^accepted by claude-alice$/m],
  },
  {
    type: "iapeer send alice -m yes",
    exit: 4,
    shows: [/^error: claude-alice is not at an empty prompt, and nothing was typed: /m, /iapeer attach alice --runtime claude$/m],
  },
  { say: "An end on purpose is no death:", type: "iapeer stop alice", shows: [/^stopped claude-alice$/m] },
  { type: "iapeer deaths", shows: [/^no deaths/m] },
  {
    say: "Now somebody kills its tmux server, the hard way:",
    type: "iapeer launch alice",
    shows: [/^launched claude-alice \(pid \d+\); its stop mark is gone$/m],
  },
  { type: "iapeer canary status", shows: [/^claude-alice +\d+ +armed \(parent, pid \d+\)/m] },
  { type: (before) => `kill -9 ${/^claude-alice +(\d+)/m.exec(before)?.[1]}`, shows: [/^$/] },
  {
    say: "Two seconds later that is on record, with the evidence:",
    type: "iapeer deaths",
    shows: [/^2.* claude-alice +its server died +killed +signal KILL +[0-9a-f]{8}$/m],
    mayTakeMs: RECORD_MS,
  },
  {
    type: (before) => `iapeer deaths show ${/([0-9a-f]{4})[0-9a-f]{4}$/m.exec(before)?.[1]} | head -n 6`,
    shows: [/^claude-alice: its server died, after /, /^verdict: +killed\n +its parent saw it end by SIGKILL$/m],
  },
];

/** The host's memory, from a provider's claim to a peer's removal, with a failure in between. */
const memory: readonly Scene[] = [
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
    say: "The provider was told once for each peer and agent. Each value is one argument, whatever is in it:",
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
  { say: "The command that was printed mends it:", type: "mv store.away store", shows: [/^$/] },
  { type: "iapeer memory-plugin on --peer carol", shows: [/^carol +claude +ok$/m, /^1 of 1 done/m] },
  { type: "iapeer status", shows: [/4 attached/] },
  {
    say: "A peer leaves: the provider detaches its memory first, and the folder stays:",
    type: "iapeer remove alice",
    shows: [/^removed alice; its folder stays/, /memory claude: ok/],
  },
  { type: "tail -n 1 store/told.log", shows: [/^detach alice\/claude \(remove\): /] },
];

/** A team in one file. */
const team: readonly Scene[] = [
  {
    say: "A team is one file. Declare it, apply it, see who answers:",
    type: "iapeer fleet init --profile general --write",
    shows: [/^wrote /],
  },
  { type: "iapeer fleet apply --start", shows: [/^worker0 +add +done +launch +launched$/m, /^3 added$/m] },
  { type: "iapeer fleet ps", shows: [/^3 agents: 3 healthy$/m], mayTakeMs: RECORD_MS },
  {
    say: "Each agent was told of the others at its launch. They write to each other:",
    type: 'iapeer send worker0 --from orchestrator -m "the build is yours" --verify',
    shows: [/^accepted by claude-worker0$/m],
  },
];

/** The acts of the demo, in their order. Each plays on a stage of its own, and stands on a page. */
export const ACTS = { agent, memory, team } as const satisfies Record<string, readonly Scene[]>;

export type ActName = keyof typeof ACTS;

export function isActName(name: string): name is ActName {
  return Object.hasOwn(ACTS, name);
}

export const WHERE_NEXT = [
  "Where to go next:",
  "  README.md                 install it; the table of all pages",
  "  docs/first-agents.md      the real claude and codex, to their first message",
  "  docs/fleet.md             a team that comes back after a reboot",
  "  docs/memory-providers.md  your own memory provider",
  "  docs/deaths.md            what died, and why",
  "  npm test                  every promise, checked",
].join("\n");
