import type { LogFields } from "./text/logfmt.ts";
import type { Env, Layout } from "./layout.ts";

/** What everything about sessions may use; made once a call. */
export interface LaunchContext {
  readonly layout: Layout;
  readonly env: Env;
  readonly now: () => Date;
  readonly lockTimeoutMs: number;
  /** Notes in lifecycle.log what was decided. */
  readonly note: (fields: LogFields) => void;
  /** To the person. */
  readonly warn: (line: string) => void;
}
