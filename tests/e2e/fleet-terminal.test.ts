// A person with a team, from an empty root to its end, in a real terminal.
import { expect, test } from "bun:test";
import { useBob } from "../support/bob.ts";
import { declareLineReaders } from "../support/session.ts";
import { openTerminal } from "../support/terminal.ts";

const bob = useBob();

test("a fleet is begun, applied, seen, told, talked to, changed and stopped, as a person types it", async () => {
  declareLineReaders(bob.sandbox);
  using terminal = openTerminal(bob.sandbox, { columns: 80 });
  const types = async (line: string, shows: RegExp) => {
    terminal.type(`clear; iapeer ${line}`);
    await terminal.shows(shows);
    const widest = Math.max(
      ...Bun.stripANSI(terminal.screen())
        .split("\n")
        .map((one) => Bun.stringWidth(one.trimEnd())),
    );
    expect(widest).toBeLessThanOrEqual(80);
  };
  await terminal.shows(/^\$/);
  await types("fleet init --profile coding --write", /wrote .*fleet\.yaml[^]*\[exit 0\]/);
  await types("fleet check", /5 agents, no problems\n\[exit 0\]/);
  await types("fleet apply --dry-run", /would be: 5 added\n\[exit 0\]/);
  await types("fleet apply --start", /reviewer +add +\S*done\S* +launch +launched[^]*5 added\n\[exit 0\]/);
  await types("fleet apply", /5 unchanged\n\[exit 0\]/);
  terminal.type("clear; until iapeer fleet ps; do sleep 0.2; clear; done");
  await terminal.shows(/orchestrator +orchestrator +claude +\S*healthy\S* [^]*5 agents: 5 healthy/);
  await types("fleet ps --watch", /every 2 s[^]*5 agents: 5 healthy/);
  terminal.key("C-c");
  await terminal.shows(/\[exit 130\]/);
  await types("fleet comms coder0 | head -n 20", /You are coder0, class implementer/);
  await types("send coder1 --from orchestrator -m hello --verify", /accepted by codex-coder1\n\[exit 0\]/);
  await types("watch coder1", /heard \[/);
  terminal.key("C-b");
  terminal.key("d");
  await terminal.shows(/\[exit 0\]/);
  await types("tail coder1 --lines 2", /:orchestrator -> \S+:coder1\] hello/);
  await types("send coder1 --directive sleep --grace 1s -m bye", /sent to codex-coder1, which sleeps now\n\[exit 0\]/);
  await types("fleet ps", /coder1 +implementer +codex +\S*down \(stopped\)[^]*1 needs a look\n\[exit 1\]/);
  await types("fleet add tester0 --class tester --start", /tester0 +add +\S*done\S* +launch[^]*\[exit 0\]/);
  await types("fleet remove tester0", /tester0 is live[^]*\[exit 4\]/);
  await types("fleet remove tester0 --force", /tester0 +remove +\S*done[^]*\[exit 0\]/);
  await types("fleet remove orchestrator", /orchestrator stays[^]*\[exit 4\]/);
  await types("fleet install --print | grep -c ExecStart=", /^3\n/m);
  await types("deaths", /\[exit 0\]/);
  expect(terminal.screen()).not.toMatch(/died|ended/);
  await types("stop --all", /stopped claude-orchestrator[^]*\[exit 0\]/);
});
