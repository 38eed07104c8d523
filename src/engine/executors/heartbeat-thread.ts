import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { everyInterval } from "../every.js";

/** Milliseconds between heartbeats of a worker process. */
const HEARTBEAT_MS = 5_000;
/** Heartbeats that nobody hears until the process is ended: an operation that computes hears nothing itself. */
const UNHEARD_MAX = 4;

let unheard = 0;

/**
 * The heartbeat of a worker process, in a thread of its own: a line on standard output with the bytes of memory that the process takes, so that it
 * goes on while an operation computes, and ends when the process is stopped or gone.
 */
function tell(): void {
  try {
    writeSync(1, `${process.memoryUsage.rss()}\n`);
  } catch (error) {
    // whoever listened is gone: the process ends by itself, if it can
    if ((error as NodeJS.ErrnoException).code === "EPIPE") unheard++;
    if (unheard >= UNHEARD_MAX) process.kill(process.pid, "SIGKILL");
  }
}

parentPort!.on("message", () => {}); // keeps the thread
tell();
everyInterval(HEARTBEAT_MS, tell);
