import { type ChildProcess, fork } from "node:child_process";
import { compiled } from "./threads.js";

/** Bytes of what a process wrote to its standard error that are kept. */
const TAIL_BYTES = 4096;

export interface ProcessOptions {
  /** The process's module: `new URL("./side.js", import.meta.url)`. */
  readonly entry: URL;
}

export interface ProcessListener<Out> {
  heard(message: Out): void;
  /** Called with what the process wrote to its standard output. */
  wrote?(text: string): void;
  /** Called once, at the end of the process. @param how signal or exit status @param tail the last of its standard error */
  ended(how: string, tail: string): void;
}

/** A child process of this program and its messages. It ends when this process does, however that ends. */
export interface WorkerProcess<In> {
  readonly pid: number | undefined;
  send(message: In): void;
  /** Ends the process at once (SIGKILL). */
  kill(): void;
}

/** Starts a process. Cost: some 50 ms of a core and 45 MiB. */
export function startProcess<In, Out>({ entry }: ProcessOptions, listener: ProcessListener<Out>): WorkerProcess<In> {
  const child: ChildProcess = fork(compiled(entry), [], {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.stdout!.on("data", (bytes: Buffer) => listener.wrote?.(bytes.toString("latin1")));
  let tail = "";
  child.stderr!.on("data", (bytes: Buffer) => {
    tail = (tail + bytes.toString("utf8")).slice(-TAIL_BYTES);
  });
  let over = false;
  const ended = (how: string) => {
    if (over) return;
    over = true;
    listener.ended(how, tail.trim());
  };
  child.on("message", (message) => listener.heard(message as Out));
  child.once("error", (error) => ended(error.message));
  // behind the last of its messages and of its standard error
  child.once("close", (status, signal) => ended(signal ?? `exit ${status}`));
  return {
    pid: child.pid,
    // a process that is gone answers by its end
    send: (message) => child.connected && child.send(message as object, () => {}),
    kill: () => child.kill("SIGKILL"),
  };
}
