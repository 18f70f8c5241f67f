import { ok } from "../support/calls.ts";
import { signal } from "../support/session.ts";
import { both, killed, KILLED, type Row, withMore } from "./row.ts";

const neighbours: readonly Row[] = [
  {
    name: "a server is killed whose name is the beginning of another server's name",
    expected: withMore(killed(), { lives: ["bob-2, watched"] }),
    act: async ({ bob, launch }) => {
      await launch("bob-2", { personality: "bob-2" });
      signal("KILL", bob.server);
    },
  },
  {
    name: "a server is killed whose name begins with another server's name",
    expected: both({ records: [`${KILLED} of=bob-2`], lives: ["bob, watched"] }),
    act: async ({ launch }) => signal("KILL", (await launch("bob-2", { personality: "bob-2" })).server),
  },
  {
    name: "one of a peer's two runtimes is killed",
    expected: withMore(killed(), { lives: ["bob's codex, watched"] }),
    act: async ({ bob, launch }) => {
      await launch("bob's codex", { personality: "bob", runtime: "codex" });
      signal("KILL", bob.server);
    },
  },
  {
    name: "two roots have the same identity, and the server of one is killed",
    expected: withMore(killed(), { lives: ["bob elsewhere, watched"] }),
    act: async ({ bob, launch, another }) => {
      await launch("bob elsewhere", { personality: "bob", sandbox: another() });
      signal("KILL", bob.server);
    },
  },
  {
    name: "the canary is dismissed in one of two roots with the same identity, and then both servers are killed",
    expected: withMore(killed(), {}),
    act: async ({ bob, launch, another }) => {
      const elsewhere = another();
      const { server } = await launch("bob elsewhere", { personality: "bob", sandbox: elsewhere });
      await ok(elsewhere, "canary", "dismiss", "bob");
      signal("KILL", server, bob.server);
    },
  },
];

export const NEIGHBOUR_ROWS: readonly Row[] = neighbours;
