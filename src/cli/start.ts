import { systemClock } from "../core/clock.js";
import { asEmporiumError, ERRORS, toErrorRecord } from "../core/errors.js";
import { RUN_ID, RUN_ID_VARIABLE } from "../engine/run-id.js";
import { looseFlags, runProgram } from "./program.js";
import { abortOnSignals, exitStatusOf } from "./signals.js";
import { makeTerminal } from "./terminal.js";

/** Ties the program to this process: signals, streams that close early, errors that nobody caught, the exit status. */

const words = process.argv.slice(2);
const runId = process.env[RUN_ID_VARIABLE];
delete process.env[RUN_ID_VARIABLE]; // of this process alone: those that it starts have runs of their own
const { stdout, stderr } = process;
const signal = abortOnSignals(process, (ms, act) => setTimeout(act, ms).unref());

// `emporium … | head` closes the pipe early: the work goes on, what would have been printed is dropped.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  });
}

const terminal = makeTerminal({ ...looseFlags(words), stdout, stderr, now: systemClock.now });

// Libraries warn on stderr in a form of their own (a cloud SDK about the version of Node); they are messages like others.
process.removeAllListeners("warning");
process.on("warning", (warning) => terminal.log.debug(warning.message));

const giveUp = (thrown: unknown) => {
  const error = asEmporiumError(thrown);
  terminal.error(toErrorRecord(error), error.stack);
  process.exit(ERRORS[error.code].exit);
};
process.on("uncaughtException", giveUp);
process.on("unhandledRejection", giveUp);

// a script cannot await here: the program is bundled as scripts
void main();

async function main(): Promise<never> {
  const status = await runProgram(words, {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    signal,
    clock: systemClock,
    runId: runId !== undefined && RUN_ID.test(runId) ? runId : undefined,
  });
  // Idle sockets and workers of a library must not keep the process, and what was printed must reach a pipe before it ends.
  await Promise.all([stdout, stderr].map((stream) => new Promise((done) => stream.write("", done))));
  process.exit(exitStatusOf(status, signal));
}
