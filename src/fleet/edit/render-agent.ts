import { stringify } from "yaml";

/** An agent as it is to be written: what is left out gets the file's defaults. */
export interface NewAgent {
  readonly name: string;
  readonly class: string;
  readonly runtime?: string;
  readonly isPersistent?: boolean;
  readonly modelHint?: string;
  /** As it is to stand in the file: `~/src`, or relative to the file. */
  readonly workingDirectory?: string;
  readonly remote?: { readonly host: string; readonly ssh: string; readonly socket?: string };
}

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

/** Its keys and values, in the order that they are written. */
export function fieldsOf({
  name,
  class: agentClass,
  runtime,
  isPersistent,
  modelHint,
  workingDirectory,
  remote,
}: NewAgent): [string, string | boolean][] {
  const fields: [string, string | boolean | undefined][] = [
    ["name", name],
    ["class", agentClass],
    ["runtime", runtime],
    ["persistent_persona", isPersistent === true ? true : undefined],
    ["model_hint", modelHint],
    ["working_directory", workingDirectory],
    ["host", remote?.host],
    ["ssh", remote?.ssh],
    ["socket", remote?.socket],
  ];
  return fields.filter((field): field is [string, string | boolean] => field[1] !== undefined);
}
