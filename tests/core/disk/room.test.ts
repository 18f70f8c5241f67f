import { expect, test } from "bun:test";
import { describeRoom, hasNoRoom, judgeRoom } from "../../../src/core/disk/room.ts";
import { IapeerError } from "../../../src/model/errors.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

test.each([
  [0, 1, "full", "the disk of /a is full: 0 KiB are left", "df -h '/a'"],
  [63 * KIB, 1, "full", "the disk of /a is full: 63 KiB are left", "df -h '/a'"],
  [500 * MIB, 0, "full", "the disk of /a is full: 0 % of the inodes are left", "df -i '/a'"],
  [64 * KIB, 1, "low", "the disk of /a is nearly full: 64 KiB are left", "df -h '/a'"],
  [63.9 * MIB, 0.5, "low", "the disk of /a is nearly full: 63 MiB are left", "df -h '/a'"],
  [64 * MIB, 0.0099, "low", "the disk of /a is nearly full: 0.9 % of the inodes are left", "df -i '/a'"],
] as const)("%d bytes and %d of the inodes are %s", (bytes, inodes, state, message, command) => {
  expect(judgeRoom(bytes, inodes)).toBe(state);
  expect(describeRoom({ path: "/a", bytes, inodes, state })).toEqual({ message, command });
});

test("a disk with enough room needs no words", () => {
  expect(judgeRoom(64 * MIB, 0.01)).toBe("enough");
  expect(describeRoom({ path: "/a", bytes: 64 * MIB, inodes: 0.01, state: "enough" })).toBeUndefined();
});

test("only a full disk, and a full share of one, have no room", () => {
  const failed = (errno: string) => new IapeerError("write-failed", "cannot write", { details: { errno } });
  expect(["ENOSPC", "EDQUOT", "EACCES"].map((errno) => hasNoRoom(failed(errno)))).toEqual([true, true, false]);
  expect(hasNoRoom(new Error("ENOSPC"))).toBe(false);
});
