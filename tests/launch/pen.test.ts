// One of all that set out to record an end does so, whatever of them is killed in the middle.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProcess } from "../../src/core/process/processes.ts";
import { PEN_SCRIPT, renderPenLine, takePen } from "../../src/launch/pen.ts";
import { openScratch } from "../support/scratch.ts";

const INCARNATION = "3f0c7c1e-8a3e-4f5e-9f52-0c9d1b1f2a77";
const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(([program]) => Bun.which(program!) !== null);
/** The moments at which a writer is killed: holding the pen, with its line in the log, or never. */
const CUTS = ["pen", "line", "never"] as const;
type Cut = (typeof CUTS)[number];

interface Desk extends Disposable {
  readonly folder: string;
  readonly log: string;
  readonly recorded: string;
}

function openDesk(): Desk {
  const root = openScratch();
  const folder = root.at('it\'s a "folder"');
  mkdirSync(folder);
  return {
    folder,
    log: root.at("exits.log"),
    recorded: join(folder, "recorded"),
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

/** Writes the record as the hook and the recorder do, and is killed at the cut. */
async function write({ folder, log }: Desk, shell: readonly string[], cut: Cut, text = PEN_SCRIPT): Promise<void> {
  const killed = (at: Cut) => (cut === at ? "kill -s KILL $$; " : "");
  const record = `${killed("pen")}printf '%s\\n' "ev=x incarnation=$incarnation by=$$" >>"$exits_log"; ${killed("line")}printf '' >"$folder/recorded"`;
  const env = { PATH: process.env["PATH"]!, folder, exits_log: log, incarnation: INCARNATION };
  const child = Bun.spawn([...shell, "-c", `${text}\nif take_pen; then ${record}; fi`], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  await child.exited;
}

const linesOf = ({ log }: Desk) => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);

describe.each(SHELLS.map((shell) => [shell[0]!, shell] as const))("with %s", (_, shell) => {
  test.each(CUTS)("of six at once one records, and one that is killed (%s) is succeeded", async (cut) => {
    using desk = openDesk();
    const cuts = [cut, cut, "never", "pen", "line", "never"] as const;
    await Promise.all(cuts.map(async (one) => await write(desk, shell, one)));
    await write(desk, shell, "never");
    expect(linesOf(desk)).toHaveLength(1);
    expect(existsSync(desk.recorded)).toBe(true);
  });

  test("the line form is the same", async () => {
    using desk = openDesk();
    expect(renderPenLine()).not.toMatch(/[\n'!\\]/);
    await write(desk, shell, "pen", renderPenLine());
    await write(desk, shell, "never", renderPenLine());
    await write(desk, shell, "never", renderPenLine());
    expect(linesOf(desk)).toHaveLength(1);
  });

  test("it waits for a holder that lives", async () => {
    using desk = openDesk();
    expect(takePen(desk)).toBe(true);
    const written = write(desk, shell, "never");
    expect(await Promise.race([written.then(() => "written"), Bun.sleep(300).then(() => "waits")])).toBe("waits");
    writeFileSync(desk.recorded, "");
    await written;
    expect(linesOf(desk)).toEqual([]);
  });

  test("it succeeds a holder whose pid is another process's now", async () => {
    using desk = openDesk();
    symlinkSync(`${process.pid} 1`, join(desk.folder, "pen"));
    await write(desk, shell, "never");
    expect(linesOf(desk)).toHaveLength(1);
  });

  test("takePen tells what sh tells", async () => {
    using desk = openDesk();
    await write(desk, shell, "pen");
    expect(takePen(desk)).toBe(true);
    expect(takePen(desk)).toBe(true);
    const dead = readlinkSync(join(desk.folder, "pen")).split(" ", 1)[0]!;
    expect(readlinkSync(join(desk.folder, `pen.${dead}`))).toBe(`${process.pid} ${readProcess(process.pid)!.start}`);
    await using holder = Bun.spawn(["sleep", "60"]);
    using other = openDesk();
    symlinkSync(`${holder.pid} ${readProcess(holder.pid)!.start}`, join(other.folder, "pen"));
    expect(takePen(other)).toBe(false);
  });
});
