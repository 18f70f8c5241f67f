import { until } from "../../support/sandbox.ts";
import type { World } from "./world.ts";

/** How often a text stands in all that the model was told. claude makes four blanks of a tab, and so does this. */
export function countSaid({ api }: World, text: string): number {
  return expand(api.said.join("\n")).split(expand(text)).length - 1;
}

function expand(text: string): string {
  return text.replaceAll("\t", "    ");
}

/** Waits until the model was told a text. */
export async function untilSaid(world: World, text: string): Promise<void> {
  await until(`the model is told: ${text.slice(0, 60)}`, () => countSaid(world, text) > 0, 60_000);
}
