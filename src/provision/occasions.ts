/** Why a provider command runs (contract 1). */
export const OCCASIONS = ["birth", "sweep-on", "off-peer", "off-all", "remove"] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** Which of the provider's commands an occasion asks for. */
export function directionOf(occasion: Occasion): "provision" | "unprovision" {
  return occasion === "birth" || occasion === "sweep-on" ? "provision" : "unprovision";
}
