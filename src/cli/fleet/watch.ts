import { IapeerError, toErrorView } from "../../model/errors.ts";
import type { PsRow } from "../../fleet/ps/types.ts";
import type { Context } from "../context.ts";
import { explainInvalid } from "./problems.ts";
import { renderFleet, renderFleetNotes, renderFleetTable } from "./table.ts";
import { pause } from "../../core/process/pause.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { openScreen, type TerminalScreen } from "../screen.ts";
import { wrapToWidth } from "../width.ts";
import { tame } from "../../model/characters.ts";

export interface WatchOptions {
  readonly intervalSecs: number;
}

/** The outcome of one look. A broken file does not end the watch: a person may just be writing it. */
type Look = { readonly rows: readonly PsRow[] } | { readonly error: IapeerError };

/** Shows the rows again and again, until a signal comes or the reader is gone. A terminal is redrawn; elsewhere looks follow each other. */
export async function watchFleet(look: () => readonly PsRow[], options: WatchOptions, context: Context): Promise<number> {
  const lookSafely = (): Look => {
    try {
      return { rows: look() };
    } catch (error) {
      if (error instanceof IapeerError && error.code !== "bug") return { error };
      throw error;
    }
  };
  const isDrawn = context.output.width() !== undefined && context.app.env["TERM"] !== "dumb";
  return isDrawn ? await drawOn(lookSafely, options, context) : await printOn(lookSafely, options, context);
}

async function printOn(look: () => Look, { intervalSecs }: WatchOptions, { output, app: { now } }: Context): Promise<number> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    let isRead = true;
    for (let isFirst = true; isRead && !signal.aborted; isFirst = false) {
      const found = look();
      if ("error" in found) sayProblem(found.error, output);
      else if (output.isJson) isRead = output.text(JSON.stringify(found.rows));
      else
        isRead = output.text(
          `${isFirst ? "" : "\n"}${renderFleet(found.rows, { colors: output.colors, now: now(), width: output.width() })}`,
        );
      if (isRead) await pause(intervalSecs * 1000, signal);
    }
    return exitStatus() ?? 0;
  });
}

function sayProblem(error: IapeerError, output: Output): void {
  if (!output.isJson) explainInvalid(error, output.colors).forEach(output.note);
  output.error(toErrorView(error));
}

async function drawOn(look: () => Look, { intervalSecs }: WatchOptions, { output, app: { now } }: Context): Promise<number> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    const screen = openScreen(output.drawResult, () => ({ columns: output.width() || 80, rows: output.height() || 24 }));
    const render = (found: Look) => renderLook(found, { intervalSecs }, { output, now: now() });
    let found = look();
    const redraw = () => void screen.draw(render(found));
    const restore = onTerminalChange({ redraw, screen });
    try {
      while (!signal.aborted) {
        if (!screen.draw(render(found))) break;
        await pause(intervalSecs * 1000, signal);
        if (!signal.aborted) found = look();
      }
    } finally {
      restore();
      screen.close();
    }
    return exitStatus() ?? 0;
  });
}

/** Redraws when the size of the terminal changes. Gives the terminal back while a person has the process stopped (Ctrl-Z). */
function onTerminalChange({ redraw, screen }: { readonly redraw: () => void; readonly screen: TerminalScreen }): () => void {
  const handlers = {
    SIGWINCH: redraw,
    SIGTSTP: () => {
      screen.close();
      process.kill(process.pid, "SIGSTOP");
    },
    SIGCONT: () => {
      screen.open();
      redraw();
    },
  } as const;
  Object.entries(handlers).forEach(([name, handler]) => process.on(name, handler));
  return () => Object.entries(handlers).forEach(([name, handler]) => process.off(name, handler));
}

interface Screenful {
  readonly output: Output;
  readonly now: Date;
}

/** Renders one look. Tables are cut at the edge of the terminal, and notes are wrapped. */
function renderLook(found: Look, { intervalSecs }: WatchOptions, { output, now }: Screenful): string[] {
  const { colors } = output;
  const width = output.width() || 80;
  const head = colors.dim(`${now.toTimeString().slice(0, 8)}, every ${intervalSecs} s, Ctrl-C leaves`);
  const table = "error" in found ? [] : [...renderFleetTable(found.rows, { colors, now, width }).split("\n"), ""];
  const notes = "error" in found ? describe(found.error, colors) : renderFleetNotes(found.rows, colors);
  return [head, "", ...table, ...notes.flatMap((line) => wrapToWidth(line, width))];
}

function describe(error: IapeerError, colors: Output["colors"]): string[] {
  const hint = error.hint === undefined ? [] : [`${colors.dim("hint:")} ${tame(error.hint)}`];
  return [...explainInvalid(error, colors), `${colors.red("error:")} ${tame(error.message)}`, ...hint];
}
