import { type ErrorRecord, formatError } from "../core/errors.js";
import { type Log, type LogLevel, makeLog } from "../core/log.js";
import { redact } from "../core/redact.js";

/** A stream that text is written to. It has `columns` only on a terminal. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface TerminalOptions {
  stdout: TextSink;
  stderr: TextSink;
  quiet: boolean;
  verbose: boolean;
  logJson: boolean;
  /** Wall clock in milliseconds, for the times of JSON messages. */
  now: () => number;
  /** Called before a line goes to stderr and after it: the progress line steps aside. */
  around?: { before(): void; after(): void };
}

/** The only way to the two streams. Every line that passes is cut free of secrets. */
export interface Terminal {
  out(text: string): void;
  /** As `out`, but secrets are not cut out of the text. */
  reveal(text: string): void;
  /** As `out`; on a terminal the next text of stdout takes the place of this one. */
  show(text: string): void;
  outJson(value: unknown): void;
  error(record: ErrorRecord, stack?: string): void;
  readonly log: Log;
}

export function makeTerminal({ stdout, stderr, quiet, verbose, logJson, now, around }: TerminalOptions): Terminal {
  /** Rows of the last text, which the next one replaces; 0 where it stays. */
  let shown = 0;
  const outText = (text: string) => {
    // up to the first of its rows, and all below goes
    const clear = shown > 0 ? `\u001b[${shown}F\u001b[J` : "";
    shown = 0;
    stdout.write(`${clear}${text}\n`);
  };
  const errLine = (text: string) => {
    around?.before();
    shown = 0; // a message stands below it now
    stderr.write(`${redact(text)}\n`);
    around?.after();
  };
  const jsonLine = (level: LogLevel, message: string, facts: object) =>
    errLine(JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...facts }));
  const wanted: Record<LogLevel, boolean> = { debug: verbose && !quiet, info: !quiet, warn: true, error: true };
  return {
    out: (text) => outText(visible(redact(text))),
    reveal: (text) => outText(visible(text)),
    show: (text) => {
      const clean = visible(redact(text));
      outText(clean);
      if (stdout.isTTY) shown = rowsOf(clean, stdout.columns ?? 80);
    },
    outJson: (value) => outText(redact(JSON.stringify(value, null, 2))),
    error: (record, stack) => {
      const trace = verbose && stack !== undefined ? { stack } : {};
      if (logJson) return jsonLine("error", record.message, { ...record, ...trace });
      // an error is three lines whatever the names in it are made of
      const lines = formatError({ ...record, message: oneLine(record.message), file: record.file && oneLine(record.file) });
      errLine(visible(trace.stack === undefined ? lines : `${lines}\n${trace.stack}`));
    },
    log: makeLog((level, message, facts = {}) => {
      if (!wanted[level]) return;
      if (logJson) return jsonLine(level, message, facts);
      const details = Object.entries(facts).map(
        ([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
      );
      errLine(visible(`${LABEL[level]}${message}${details.join("")}`));
    }),
  };
}

/** Rows of a terminal: long lines go on in the next row. */
const rowsOf = (text: string, columns: number): number =>
  text.split("\n").reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns)), 0);

const LABEL: Record<LogLevel, string> = { debug: "debug: ", info: "", warn: "warning: ", error: "error: " };

const oneLine = (text: string): string => text.replace(/\r/g, "\\r").replace(/\n/g, "\\n");

/** Names come from other people's disks: an escape sequence in one must not reach the terminal as one. Tab and line feed stay. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
