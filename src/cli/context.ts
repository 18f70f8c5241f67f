import type { App } from "../app/types.ts";
import type { Output } from "./output.ts";

/** What a verb is given: the app, and where it prints. */
export interface Context {
  readonly app: App;
  readonly output: Output;
}
