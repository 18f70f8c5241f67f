import { IapeerError } from "../model/errors.ts";
import { type Direction, directionOf, type Occasion, pluginId } from "../model/provisioning.ts";
import type { CheckedSlot, Slot } from "../status/slot/types.ts";

/** The form in which a slot declares one direction. A slot that declares a command ignores its plugin (contract 5). */
export function formOf(slot: Slot, direction: Direction): "command" | "plugin" | "none" {
  if (slot[direction] !== undefined) return "command";
  return slot.plugin !== undefined && !declaresCommands(slot) ? "plugin" : "none";
}

/** True for a slot of the newer form. */
export function declaresCommands(slot: Slot): boolean {
  return slot.provision !== undefined || slot.unprovision !== undefined;
}

/** The name of a slot's memory: the provider, or the id of the plugin in the older form. */
export function nameMemory(slot: Slot): string {
  return slot.plugin === undefined || declaresCommands(slot) ? slot.provider : pluginId(slot.plugin);
}

/**
 * The slot, where it declares something to run on that occasion.
 *
 * @throws IapeerError `slot-insecure`, `slot-empty`, `slot-direction-missing`, `slot-declares-nothing` (contract 5).
 */
export function requireRunnable({ slot, problems }: CheckedSlot, occasion: Occasion): Slot {
  const insecure = problems.find(({ code }) => code === "slot-insecure");
  if (insecure !== undefined) {
    throw new IapeerError("slot-insecure", insecure.message, {
      hint: "look at its content; then let nobody but you write the slot's file and the root",
    });
  }
  if (slot === undefined) {
    throw new IapeerError("slot-empty", "memory slot is EMPTY", {
      hint: "a memory provider declares itself in memory-provider.json; see: iapeer provider check",
    });
  }
  const direction = directionOf(occasion);
  if (formOf(slot, direction) !== "none") return slot;
  const details = { provider: slot.provider };
  if (declaresCommands(slot))
    throw new IapeerError("slot-direction-missing", `provider "${slot.provider}" declares no ${direction} command`, { details });
  const message = `provider "${slot.provider}" declares nothing to run: no provision, unprovision or plugin`;
  throw new IapeerError("slot-declares-nothing", message, { hint: "see: iapeer provider check", details });
}
