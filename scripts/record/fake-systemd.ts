import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Installs a systemctl and a loginctl that only change the files of a home, and note their arguments in `asked`.
 *
 * @param state the folder for `asked`, and for the files that make them refuse or kill (see systemctl.sh)
 * @returns the folder of the two, for PATH
 */
export function writeFakeSystemd(state: string): string {
  const bin = join(state, "bin");
  mkdirSync(bin, { recursive: true });
  for (const name of ["systemctl", "loginctl"]) copyFileSync(join(import.meta.dir, `${name}.sh`), join(bin, name));
  return bin;
}
