import { afterEach, beforeEach, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accountHome } from "../../../src/core/libc.ts";
import { refuseRealServicesInSandbox } from "../../../src/core/service/place.ts";
import { readUnitText } from "../../../src/core/service/unit-file.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";

let scratch: Scratch;
beforeEach(() => {
  scratch = openScratch();
});
afterEach(() => scratch[Symbol.dispose]());

test("a unit is read where it is, a link to it followed; one that is masked is empty, and none is none", () => {
  writeFileSync(scratch.at("unit"), "[Unit]\n");
  symlinkSync(scratch.at("unit"), scratch.at("linked"));
  symlinkSync("/dev/null", scratch.at("masked"));
  symlinkSync(scratch.at("gone"), scratch.at("dangling"));
  expect(["unit", "linked", "masked", "dangling", "none", "unit/below"].map((name) => readUnitText(scratch.at(name)))).toEqual([
    "[Unit]\n",
    "[Unit]\n",
    "",
    undefined,
    undefined,
    undefined,
  ]);
});

test("what is no unit's file is told, and a FIFO is not waited for", () => {
  Bun.spawnSync(["mkfifo", scratch.at("fifo")]);
  Bun.spawnSync(["truncate", "-s", "6G", scratch.at("sparse")]);
  for (const name of ["fifo", "sparse", "."])
    expect(() => readUnitText(scratch.at(name))).toThrow(expect.objectContaining({ code: "read-failed" }));
});

test("a sandbox changes nothing that starts with the account", () => {
  const env = { IAPEER_TEST_SANDBOX: "1" };
  const home = accountHome();
  for (const platform of ["linux", "darwin"] as const) {
    expect(() => refuseRealServicesInSandbox({ home, env, platform })).toThrow(
      expect.objectContaining({ code: "sandbox-violation" }),
    );
    refuseRealServicesInSandbox({ home: scratch.at("home"), env, platform });
    refuseRealServicesInSandbox({ home, env: {}, platform });
  }
  const config = { ...env, XDG_CONFIG_HOME: join(home, ".config") };
  expect(() => refuseRealServicesInSandbox({ home: scratch.at("home"), env: config, platform: "linux" })).toThrow(
    expect.objectContaining({ code: "sandbox-violation" }),
  );
});
