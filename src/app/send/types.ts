import type { Sender } from "../../launch/sender.ts";
import type { Recipient } from "../../launch/send/types.ts";
import type { RemoteOutcome } from "../../launch/send/types.ts";
import type { Party } from "../../model/party.ts";
import type { AskedIdentity } from "../choose.ts";

/** The recipient as a caller names it. */
export interface AskedRecipient extends AskedIdentity {
  /** Only if the session is on this tmux server: a name, as tmux -L takes it, or an absolute path. Checked. */
  readonly socket?: string | undefined;
  /** Only if the session is this incarnation. */
  readonly incarnation?: string | undefined;
}

/** Where a message's text comes from. */
export type MessageSource =
  | { readonly kind: "text"; readonly text: string }
  /** A text that was read from a file or a pipe already. */
  | { readonly kind: "read"; readonly text: string }
  /** A file or a pipe; `-` is stdin. */
  | { readonly kind: "file"; readonly path: string }
  /** The words of the order that goes with it. */
  | { readonly kind: "order" };

export interface SendRequest {
  readonly to: AskedRecipient;
  /** The peer in whose name a person sends, or `HOST:NAME`. Default: the caller. */
  readonly from?: string | undefined;
  readonly message: MessageSource;
  /** Look whether the peer takes it, for up to 5 s. */
  readonly verify: boolean;
  readonly order?: Order | undefined;
}

/** A message that is ready to be sent. */
export interface Sending {
  readonly recipient: Recipient;
  /** The process that calls, as the process table has it. */
  readonly sender: Sender;
  /** The author, as the message's head names it. */
  readonly from: Party;
  /** As parseMessage gives it. */
  readonly text: string;
  readonly verify: boolean;
  readonly order?: Order | undefined;
}

/** A directive beside a message. */
export interface Order {
  readonly directive: "sleep";
  /** How long the agent has for putting its work away. */
  readonly graceMs: number;
}

/** The outcome of a message. `effect` is left out where it cannot be told. */
export type Sent = RemoteOutcome;

/** As `send --json` prints it. */
export interface SentJson {
  readonly to: string;
  /** Another host, as the fleet calls it. */
  readonly host?: string;
  readonly from: string;
  readonly sender: Sender["kind"];
  readonly state: Sent["state"];
  /** The agent is at work, and keeps the message for later. Left out where that is not so, or was not looked at. */
  readonly queued_by_agent?: true;
  /** Left out where another host did not tell. */
  readonly bytes?: number;
  readonly directive?: "sleep";
  /** `none`: the iapeer of another host, an older one, did not obey. */
  readonly effect?: "sleep" | "none";
}
