export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a library function tells beside its result. The command line decides where it goes; tests collect it. */
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
