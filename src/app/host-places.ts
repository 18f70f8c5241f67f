import { findUntrustedLogs } from "../core/disk/log-files.ts";
import { describeRoom, readDisks } from "../core/disk/room.ts";
import type { Layout } from "../core/layout.ts";
import type { ErrorCode, IapeerError } from "../model/errors.ts";

/** Something that a person should look at. It makes the report not ok. */
export interface Attention {
  readonly message: string;
  readonly hint?: string;
  /** There: the code of the error that a command would end with that stumbles over it. */
  readonly code?: ErrorCode;
}

/** An error that a look found, and did not end with. */
export function toAttention({ code, message, hint }: IapeerError): Attention {
  return { message, ...(hint !== undefined && { hint }), code };
}

/** The troubles of the places that iapeer writes to: disks without room, and logs that cannot be trusted. */
export function findPlaceTroubles(layout: Layout): Attention[] {
  const disks = readDisks(layout).flatMap((room) => {
    const found = describeRoom(room);
    if (found === undefined) return [];
    const message = room.state === "full" ? `${found.message}, and nothing can be recorded` : found.message;
    return [{ message, hint: found.command }];
  });
  const logs = [layout.exitsLog, layout.lifecycleLog].flatMap(findUntrustedLogs);
  return [...disks, ...logs.map(toAttention)];
}
