/** One end of a message, as its head names it. */
export interface Party {
  readonly host: string;
  /** A peer's name, or a person's account. */
  readonly name: string;
}

/** The two ends of a message. */
export interface Route {
  readonly from: Party;
  readonly to: Party;
}

/** `[host:from -> host:to] `: the start of every message. */
export function renderHead({ from, to }: Route): string {
  return `[${renderParty(from)} -> ${renderParty(to)}] `;
}

/** `host:name` */
export function renderParty({ host, name }: Party): string {
  return `${host}:${name}`;
}

/** A sender in the logs and results of a host: `name`, or `host:name` for a sender on another host. */
export function renderSender(from: Party, ownHost: string): string {
  return from.host === ownHost ? from.name : renderParty(from);
}

const PARTY_WORD = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Reads `HOST:NAME` as another host sends it; undefined for any other text. No shell and no head reads more in its letters. */
export function parseParty(text: string): Party | undefined {
  const [host, name, ...rest] = text.split(":");
  const isParty = host !== undefined && name !== undefined && rest.length === 0 && PARTY_WORD.test(host) && PARTY_WORD.test(name);
  return isParty ? { host, name } : undefined;
}

/** The text that parseParty reads, for any host and account. A character that it does not take becomes "_". */
export function encodeParty({ host, name }: Party): string {
  return `${encodeWord(host)}:${encodeWord(name)}`;
}

function encodeWord(word: string): string {
  return (
    word
      .replaceAll(/[^A-Za-z0-9_.-]/gu, "_")
      .replace(/^[.-]/, "_")
      .slice(0, 64) || "_"
  );
}

/** A name from outside, of a host or an account, without the characters that could end a head. */
export function tameName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]/gu, "_");
}
