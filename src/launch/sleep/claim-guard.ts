import type { IncarnationPaths } from "../../status/incarnation/types.ts";
import { closeChildStdin, writeToChild } from "../../core/process/child-stdin.ts";
import type { Env } from "../../core/layout.ts";

/** Withdraws a claim to sleep if this process ends before it releases the guard. */
export interface ClaimGuard {
  /** Ends the guard. The claim then depends on this process alone. */
  release(): void;
}

/**
 * The script waits for the end of its stdin, which the kernel closes with this process. It leaves alone a claim that another process has
 * made since. It reads the form of writeClaim: one field a line.
 */
const GUARD = `read -r word
[ "$word" = released ] && exit 0
by=
while read -r line; do
  case $line in '"by": "sleep",') by=sleep ;; esac
done <"$1"
[ "$by" = sleep ] && mv -f "$1" "$2"
`;

/** Starts the guard in a session of its own, so that it outlives this process. */
export function guardClaim({ claim, claimRoom }: IncarnationPaths, env: Env): ClaimGuard {
  const child = Bun.spawn(["/bin/sh", "-c", GUARD, "sh", claim, claimRoom], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: { ...env },
    detached: true,
  });
  child.unref();
  return {
    release: () => {
      writeToChild(child.stdin, "released\n");
      closeChildStdin(child.stdin);
    },
  };
}
