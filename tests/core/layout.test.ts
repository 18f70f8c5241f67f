import { describe, expect, test } from "bun:test";
import { userInfo } from "node:os";
import { accountHome } from "../../src/core/libc.ts";
import { type Env, layoutFrom, cardPath } from "../../src/core/layout.ts";
import { errorOf } from "../support/scratch.ts";
import { socketPath } from "../../src/core/socket-path.ts";

describe("contract 2: where things are", () => {
  test("everything of a root is below it", () => {
    const { root, home, ...layout } = layoutFrom({ IAPEER_ROOT: "/r", HOME: "/h" });
    expect([root, home]).toEqual(["/r", "/h"]);
    expect(layout).toEqual({
      registry: "/r/peers-profiles.json",
      registryBackup: "/r/peers-profiles.json.bak",
      registryLock: "/r/peers-profiles.lock",
      slot: "/r/memory-provider.json",
      peersFolder: "/r/peers",
      runtimesFolder: "/r/runtimes",
      stateFolder: "/r/state/iapeer/lifecycle",
      lifecycleLog: "/r/logs/iapeer/lifecycle.log",
      exitsLog: "/r/logs/iapeer/exits.log",
      deathsFolder: "/r/logs/iapeer/server-deaths",
      superviseLock: "/r/state/iapeer/supervise.lock",
      appliedFleet: "/r/state/iapeer/fleet.json",
      fleetLock: "/r/state/iapeer/fleet.lock",
      socketFolder: "/r/socks",
    });
    expect(cardPath("/p")).toBe("/p/.iapeer/peer-profile.json");
    expect(socketPath(layoutFrom({ IAPEER_ROOT: "/r" }), "claude", "al-ice")).toBe("/r/socks/tmux-iap-claude-al-ice.sock");
  });

  test.each<[string, Env, string]>([
    ["$IAPEER_ROOT", { IAPEER_ROOT: "/r", HOME: "/h" }, "/r"],
    ["~/.iapeer where that is not set", { HOME: "/h" }, "/h/.iapeer"],
    ["~/.iapeer where that is empty", { IAPEER_ROOT: "", HOME: "/h" }, "/h/.iapeer"],
    ["absolute, when a relative one is given", { IAPEER_ROOT: "x/../y" }, `${process.cwd()}/y`],
  ])("the root is %s", (_, env, root) => {
    expect(layoutFrom(env).root).toBe(root);
  });

  test.each<[string, Env, string]>([
    ["$IAPEER_SOCK_DIR", { IAPEER_SOCK_DIR: "/s", IAPEER_ROOT: "/r" }, "/s"],
    ["<root>/socks when IAPEER_ROOT is set", { IAPEER_ROOT: "/r" }, "/r/socks"],
    ["/tmp/iapeer-<uid> else", { HOME: "/h" }, `/tmp/iapeer-${userInfo().uid}`],
  ])("sockets are in %s", (_, env, folder) => {
    expect(layoutFrom(env).socketFolder).toBe(folder);
  });
});

describe("contract 2: IAPEER_TEST_SANDBOX=1 refuses the real root and the shared sockets", () => {
  test.each<[string, Env]>([
    ["the real root by default", { HOME: accountHome() }],
    ["the real root by name", { IAPEER_ROOT: `${accountHome()}/.iapeer`, HOME: "/h" }],
    ["a folder in the real root", { IAPEER_ROOT: `${accountHome()}/.iapeer/x` }],
    ["the real root by a detour", { IAPEER_ROOT: `${accountHome()}/x/../.iapeer` }],
    ["the shared socket folder", { IAPEER_ROOT: "/r", IAPEER_SOCK_DIR: `/tmp/iapeer-${userInfo().uid}` }],
  ])("%s", (_, env) => {
    expect(errorOf(() => layoutFrom({ ...env, IAPEER_TEST_SANDBOX: "1" })).code).toBe("sandbox-violation");
  });

  test("with another HOME its own root and sockets are fine", () => {
    const layout = layoutFrom({ HOME: "/h", IAPEER_TEST_SANDBOX: "1" });
    expect([layout.root, layout.socketFolder]).toEqual(["/h/.iapeer", "/h/.iapeer/socks"]);
  });
});
