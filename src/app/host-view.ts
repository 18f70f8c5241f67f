import { followRegistry } from "../registry/registry.ts";
import type { Registry } from "../registry/types.ts";
import { readStatuses } from "../status/liveness/liveness.ts";
import type { Statuses } from "../status/liveness/types.ts";
import { readSlot } from "../status/slot/slot.ts";
import type { SlotReading } from "../status/slot/types.ts";
import type { App } from "./types.ts";

/** The state of this host as one call sees it: read once, when the first step needs it, and handed on. */
export interface HostView {
  readonly slot: () => SlotReading;
  readonly statuses: () => Statuses;
  /** As it is at each call. It is read again only after a change. */
  readonly registry: () => Registry;
}

/** Opens a view of this host; nothing is read yet. */
export function openHostView({ layout }: Pick<App, "layout">): HostView {
  let slot: SlotReading | undefined;
  let statuses: Statuses | undefined;
  return {
    slot: () => (slot ??= readSlot(layout)),
    statuses: () => (statuses ??= readStatuses(layout)),
    registry: followRegistry(layout),
  };
}
