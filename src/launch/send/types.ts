import type { ProcessId } from "../../core/process/process-table.ts";
import type { Route } from "../../model/party.ts";
import type { AgentPane, Incarnation } from "../../status/incarnation/types.ts";
import type { RemoteRecipient } from "../ssh.ts";
import type { RemoteDelivery } from "./remote-answer.ts";

/** A peer of this host. */
export interface LocalRecipient {
  readonly kind: "local";
  readonly identity: string;
  /** The socket that its session must be on; undefined: any socket. */
  readonly socket?: string | undefined;
  /** The incarnation that its session must be; undefined: any. */
  readonly incarnation?: string | undefined;
}

/** The peer or agent that a message is for. */
export type Recipient = LocalRecipient | RemoteRecipient;

/** A live session and the agent's own pane in it. */
export type Addressee = Incarnation & { readonly server: ProcessId; readonly pane: AgentPane };

/** A message that is ready to be typed. */
export interface Message {
  readonly route: Route;
  /** As parseMessage returns it. */
  readonly text: string;
}

/**
 * The fate of a message. `sent`: it stood alone in the agent's own prompt and was submitted, and the screen was not watched. `accepted`: it
 * has left the prompt. `typed`: it stands there after Enter. `unknown`: the screen does not tell.
 */
export type DeliveryState = "sent" | "accepted" | "typed" | "unknown";

/** The fate of a message that was typed. */
export interface Typed {
  readonly state: DeliveryState;
  /** The agent is at work, and keeps the message for later. Left out where that is not so, or was not looked at. */
  readonly isQueued?: true;
  /** Why the state is unknown, where that can be said. */
  readonly why?: string;
}

/** The result of a delivery on this host. */
export interface Delivery extends Typed {
  /** The number of bytes that were pasted, with the head. */
  readonly bytes: number;
}

/** The result of a delivery on another host. `bytes` and `effect` are there when that host answered. */
export interface RemoteOutcome extends Partial<Omit<RemoteDelivery, "state">> {
  readonly state: DeliveryState;
  /** Why the state is unknown: the connection was lost, or the agent read a part of the message only. */
  readonly why?: string;
}

/** The screen of a pane at one moment. */
export interface Screen {
  /** The text of each row, without blanks at its end. */
  readonly lines: readonly string[];
  /**
   * The look of each character of each line, one letter a character: "f" for faint, "r" for reverse, "b" for both, "." for neither. Left
   * out where it is not known.
   */
  readonly marks?: readonly string[] | undefined;
  readonly cursor: { readonly isVisible: boolean; readonly x: number; readonly y: number };
}
