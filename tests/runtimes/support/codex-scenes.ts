import type { Scene } from "./scene.ts";
export const CODEX_SCENES: readonly Scene[] = [];
