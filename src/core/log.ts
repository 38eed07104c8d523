export type LogLevel = "debug" | "info" | "warn" | "error";

/** Messages of a library function, besides its result. The command line decides where they go; tests collect them. */
export interface Log {
  debug(message: string, facts?: Record<string, unknown>): void;
  info(message: string, facts?: Record<string, unknown>): void;
  warn(message: string, facts?: Record<string, unknown>): void;
  error(message: string, facts?: Record<string, unknown>): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A log that hands each entry to one function. */
export function makeLog(write: (level: LogLevel, message: string, facts?: Record<string, unknown>) => void): Log {
  return {
    debug: (message, facts) => write("debug", message, facts),
    info: (message, facts) => write("info", message, facts),
    warn: (message, facts) => write("warn", message, facts),
    error: (message, facts) => write("error", message, facts),
  };
}
