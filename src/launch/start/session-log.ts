import { encodeForPrintf, escapeTimeFormats, quoteForSh } from "../../core/text/quoting.ts";

/** How a pane is logged. */
export interface PipePaneOptions extends SessionLogOptions {
  /** The file that the logger makes as soon as it holds the pane's terminal. */
  readonly heldMark: string;
  /** A sh command that the logger runs when the pane is closed or its server is gone. */
  readonly atEnd?: string;
}

/** The log of a session. */
export interface SessionLogOptions {
  /** The path of the log. A missing folder is made. */
  readonly path: string;
  /** The most bytes of the log, and of the one old log `<path>.1`. */
  readonly maxBytes: number;
}

const BLOCK_BYTES = 4096;
/** A pipe's whole content (pipe(7)): input that cannot be logged costs one process for so much. */
const DRAINED_BYTES = 65_536;
/** The most blocks between two looks at the log's size. */
const MOST_BLOCKS = 256;

/**
 * The sh command that appends its input to the log as it comes, until the end. Input that cannot be written (the disk is full, the folder
 * is gone) is read all the same, so that the pane never waits for its log.
 */
export function renderSessionLogger({ path, maxBytes }: SessionLogOptions): string {
  const blocks = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(maxBytes / BLOCK_BYTES / 4)));
  const fullBytes = Math.max(0, maxBytes - blocks * BLOCK_BYTES);
  // dd uses no buffer, and its words tell the end of the input from a full disk.
  const dd = (bytes: number, count: number, to: string) => `words=$(dd bs=${bytes} count=${count} 2>&1 >${to})`;
  return [
    "PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C",
    "export PATH LC_ALL",
    "umask 077",
    `log=$(printf "%b" "${encodeForPrintf(path)}_"); log=\${log%_}`,
    'mkdir -p "${log%/*}" 2>/dev/null',
    // Links are not followed, and a FIFO would not answer.
    'is_file() { if [ -h "$log" ]; then return 1; fi; [ -f "$log" ] || if [ -e "$log" ]; then return 1; fi; }',
    `rotate() { if is_file && [ -e "$log" ] && [ "$(wc -c <"$log")" -gt ${fullBytes} ]; then mv -f "$log" "$log.1"; fi; }`,
    `copy() { words=; if is_file; then rotate; ${dd(BLOCK_BYTES, blocks, '>"$log"')}; fi; }`,
    `drain() { ${dd(DRAINED_BYTES, 1, "/dev/null")}; }`,
    // Without words of dd nothing was read: the log cannot be opened, or there is no dd.
    'is_read() { case $words in *" records in"*) return 0 ;; esac; return 1; }',
    'is_over() { case $words in "0+0 records in"*|*[!0-9]"0+0 records in"*) return 0 ;; esac; return 1; }',
    "while :; do copy 2>/dev/null; is_read || drain; is_read || exec cat >/dev/null; if is_over; then exit 0; fi; done",
  ].join("; ");
}

/**
 * The logger as the argument of pipe-pane, in which tmux expands formats and the time.
 *
 * The logger also holds the pane's terminal open, and reads nothing from it. When a terminal is hung up before tmux hears of its process's
 * end, tmux 3.3 runs the helper of libutempter, which drops the SIGCHLD. The pane then may never get an exit status, and no hook runs (seen
 * for one end in five).
 */
export function renderPipePaneCommand(options: PipePaneOptions): string {
  const trap = options.atEnd === undefined ? "" : `trap ${quoteForSh(options.atEnd)} EXIT; `;
  const mark = escapeTimeFormats(`${trap}umask 077; : >${quoteForSh(options.heldMark)}`);
  return `if [ -c "#{pane_tty}" ]; then command exec 5<>"#{pane_tty}"; fi; ${mark}; ${escapeTimeFormats(renderSessionLogger(options))}`;
}
