// A program that stands for an agent's: raw mode, bracketed paste, an input of its own. `bun composer.ts MANNER FILE`
import { appendFileSync } from "node:fs";

const [manner = "submit", file = "/dev/null"] = process.argv.slice(2);
let typed = "";
let pending = "";
const transcript: string[] = [];

const isFramed = manner !== "bare" && manner !== "silent" && manner !== "plain";
const shown = () => {
  if (manner === "silent") return "";
  if (manner === "folding" && typed.includes("\r")) return `[pasted: ${typed.split("\r").length} lines]`;
  return typed.replaceAll("\r", "\r\n  ");
};

function draw(): void {
  if (manner === "silent") return;
  if (manner === "plain") {
    process.stdout.write(`\u001b[H\u001b[2J${shown()}`);
    return;
  }
  const above = transcript
    .slice(-8)
    .map((line) => `${line}\r\n`)
    .join("");
  process.stdout.write(
    `\u001b[H\u001b[2Jwelcome\r\n${above}\r\n${isFramed ? "────────────\r\n" : ""}> ${shown()}\u001b7${isFramed ? "\r\n────────────\r\n? for help" : ""}\u001b8`,
  );
}

function enter(): void {
  if (manner === "deaf") return;
  if (manner === "newline") {
    typed += "\r";
    return;
  }
  appendFileSync(file, `${JSON.stringify(typed.replaceAll("\r", "\n"))}\n`);
  transcript.push(...`> ${typed}`.split("\r"));
  typed = "";
}

/** As a program does that reads a paste whole and takes each other byte for a key. */
function take(): void {
  for (;;) {
    if (pending.startsWith("\u001b[200~")) {
      const end = pending.indexOf("\u001b[201~");
      if (end === -1) return;
      typed += pending.slice(6, end);
      pending = pending.slice(end + 6);
    } else if (pending === "" || (pending.startsWith("\u001b") && pending.length < 6)) {
      return;
    } else {
      const key = pending[0]!;
      pending = pending.slice(1);
      if (key === "\r") enter();
      else typed += key;
    }
  }
}

process.stdin.setRawMode(true);
process.stdin.setEncoding("utf8");
if (manner !== "plain") process.stdout.write("\u001b[?2004h");
process.stdin.on("data", (text: string) => {
  pending += text;
  // A program that is at something else for a while.
  if (manner === "slow") Bun.sleepSync(700);
  take();
  draw();
  // It shows what was pasted, and then reads nothing more for a while.
  if (manner === "stalling") Bun.sleepSync(8000);
});
if (manner === "scrolling") {
  setInterval(() => {
    transcript.push(`step ${Math.random()}`);
    draw();
  }, 30);
}
draw();
