import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Clock } from "../../../../core/clock.js";
import { pythonPath } from "../../python-folder.js";

/** Bytes of what a program printed that are kept for its errors. */
const TAIL_BYTES = 4096;
/** The descriptor that frames go over: standard output is the program's own. */
const DESCRIPTOR = 3;

/** A person's program and the socket to it. */
export interface Child {
  readonly socket: Socket;
  /** Resolves with words for how the process ended: `ended with 1`, `was ended by SIGKILL`, or why it cannot be started. */
  readonly ended: Promise<string>;
  /** The last of what it printed. */
  readonly tail: string;
  /** Ends the program and the processes that it started (SIGKILL to its group). */
  kill(): void;
  /** While nothing is asked of it, it does not keep this process alive. */
  setIdle(isIdle: boolean): void;
}

/** Starts a program. It prints where nobody reads but `tail`. */
export function startChild(command: readonly string[], gpus: readonly string[] | undefined, clock: Clock): Child {
  const env = {
    ...process.env,
    EMPORIUM_BLOCKS_FD: String(DESCRIPTOR),
    PYTHONPATH: pythonPath(process.env),
    PYTHONUNBUFFERED: "1", // what it prints before it dies is told
    ...(gpus ? { CUDA_VISIBLE_DEVICES: gpus.join(",") } : {}),
  };
  const [program = "", ...words] = command;
  // a group of its own: Ctrl-C is for the run, and its own children end with it
  const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true });
  let tail = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (bytes: Buffer) => {
      tail = (tail + bytes.toString("utf8")).slice(-TAIL_BYTES);
    });
  const socket = child.stdio[DESCRIPTOR] as Socket;
  socket.on("error", () => {}); // its end is told by the process's
  const handles = [child, child.stdout, child.stderr, socket] as { ref?(): void; unref?(): void }[];
  return {
    socket,
    ended: endOf(child, clock),
    get tail() {
      return tail.trim();
    },
    kill: () => killGroup(child),
    setIdle(isIdle) {
      for (const handle of handles) isIdle ? handle.unref?.() : handle.ref?.();
    },
  };
}

/** Milliseconds after the exit in which the last output may still come; its own children may keep the pipes open longer. */
const PRINTED_MS = 1_000;

function endOf(child: ChildProcess, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const words = () => (child.signalCode ? `was ended by ${child.signalCode}` : `ended with ${child.exitCode}`);
    child.once("error", (error) => resolve(`cannot be started: ${error.message}`));
    child.once("close", () => resolve(words()));
    child.once("exit", () => void clock.sleep(PRINTED_MS).then(() => resolve(words())));
  });
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  // once it has ended its number may be another's
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}
