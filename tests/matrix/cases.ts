import { AGENT_ROWS } from "./agent-rows.ts";
import { NEIGHBOUR_ROWS } from "./neighbour-rows.ts";
import { PURPOSE_ROWS } from "./purpose-rows.ts";
import type { Case } from "./play.ts";
import { SERVER_ROWS } from "./server-rows.ts";
import { SHARED_ROWS } from "./shared-rows.ts";
import { WATCHER_ROWS } from "./watcher-rows.ts";

const ROWS = [...SERVER_ROWS, ...AGENT_ROWS, ...WATCHER_ROWS, ...PURPOSE_ROWS, ...NEIGHBOUR_ROWS, ...SHARED_ROWS];

/** Every row, once for each of its witnesses. */
export const CASES: readonly Case[] = ROWS.flatMap((row) =>
  (["parent", "client"] as const).filter((witness) => row.expected[witness] !== undefined).map((witness) => ({ row, witness })),
);
