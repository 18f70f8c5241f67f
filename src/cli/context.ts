import type { App } from "../app/types.ts";
import type { Output } from "./output.ts";

/** The tools of a verb: the app, and where it prints. */
export interface Context {
  readonly app: App;
  readonly output: Output;
}
