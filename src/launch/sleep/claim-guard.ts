/** Takes a claim to sleep back if this process ends without having released it. */
export interface ClaimGuard {
  /** From now on the claim is nobody's but this process's. */
  release(): void;
}

/**
 * It waits for the end of its stdin, which the kernel closes with this process. A claim that somebody else has made since is left alone.
 * What is read is what writeClaim writes: a line a field.
 */
const GUARD = `read -r word
[ "$word" = released ] && exit 0
by=
while read -r line; do
  case $line in '"by": "sleep",') by=sleep ;; esac
done <"$1"
[ "$by" = sleep ] && rm -f "$1"
`;

/** Starts the guard, in a session of its own: it outlives whatever ends this process. */
export function guardClaim(claim: string): ClaimGuard {
  const child = Bun.spawn(["/bin/sh", "-c", GUARD, "sh", claim], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    detached: true,
  });
  child.unref();
  return {
    release: () => {
      void child.stdin.write("released\n");
      void child.stdin.end();
    },
  };
}
