import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IapeerError } from "../../src/model/errors.ts";

/** A folder for one test, deleted with the test's block. */
export interface Scratch extends Disposable {
  readonly path: string;
  /** The path of a file in the folder. */
  at(...names: readonly string[]): string;
}

export function openScratch(): Scratch {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "iap-")));
  return { path, at: (...names) => join(path, ...names), [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The error that a call throws, which must be an IapeerError. */
export function errorOf(work: () => unknown): IapeerError {
  try {
    work();
  } catch (error) {
    if (error instanceof IapeerError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The same for a promise. */
export async function rejectionOf(promise: Promise<unknown>): Promise<IapeerError> {
  return await promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: unknown) => {
      if (error instanceof IapeerError) return error;
      throw error;
    },
  );
}
