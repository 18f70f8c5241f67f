import { stringify } from "yaml";
import type { NewAgent } from "../../model/agent.ts";
import { type AgentRow, toRow } from "../agent-row.ts";

/** How the agents of a file are written. */
export interface AgentStyle {
  /** `{ name: a, class: b }` on one line, and not a key a line. */
  readonly isFlow: boolean;
  /** JSON's quotes, for a file that has them. */
  readonly isQuoted: boolean;
  /** `{ name: a }` and not `{name: a}`. */
  readonly isPadded: boolean;
}

/** The agent's lines, the first without an indent and the rest with none of their own. */
export function renderAgent(agent: NewAgent, { isFlow, isQuoted, isPadded }: AgentStyle): string[] {
  const scalar = (value: string | boolean) => (isQuoted ? JSON.stringify(value) : stringify(value, { lineWidth: 0 }).trimEnd());
  const pairs = fieldsOf(agent).map(
    ([key, value]) => `${isQuoted ? JSON.stringify(key) : key}: ${inFlow(scalar(value), value, isFlow)}`,
  );
  if (!isFlow) return pairs;
  const space = isPadded ? " " : "";
  return [`{${space}${pairs.join(", ")}${space}}`];
}

/** A plain text that would end, or be split, inside `{…}` gets quotes. */
function inFlow(text: string, value: string | boolean, isFlow: boolean): string {
  return isFlow && !text.startsWith('"') && !text.startsWith("'") && /[,[\]{}]/.test(text) ? JSON.stringify(value) : text;
}

/** The keys of an agent in the order in which they are written. */
const KEYS = [
  "name",
  "class",
  "runtime",
  "persistent_persona",
  "model_hint",
  "working_directory",
  "shared_folder",
  "host",
  "ssh",
  "socket",
] as const satisfies readonly (keyof AgentRow)[];

function fieldsOf(agent: NewAgent): [string, string | boolean][] {
  const row = toRow(agent);
  return KEYS.flatMap((key) => (row[key] === undefined ? [] : [[key, row[key]]]));
}
