import { execFile } from "node:child_process";
import { type Clock, systemClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";

/** Milliseconds for a program that changes something: a busy engine takes its time. */
export const COMMAND_MS = 120_000;
/** Last characters of standard error in which `gaveUp` is looked for: enough for a message. */
const SAID_CHARACTERS = 10_000;
const OUTPUT_BYTES = 64 * 2 ** 20;

export interface CommandOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The program was ended because its time was over: what it did is not known. */
  readonly timedOut?: boolean | undefined;
}

export interface CommandOptions {
  readonly stdin?: string | undefined;
  /** Message on standard error after which the program tries again by itself: it is ended then, and has failed. */
  readonly gaveUp?: RegExp | undefined;
  /** Default: two minutes. */
  readonly timeoutMs?: number | undefined;
}

/** Runs one of an engine's programs. Words are arguments, no shell sees them. */
export type RunCommand = (program: string, words: readonly string[], options?: CommandOptions) => Promise<CommandOutput>;

/**
 * @param env of the program
 * @throws {EmporiumError} (each call) ENGINE_ABSENT where the program is not there or cannot be run
 */
export function engineCommand(env: NodeJS.ProcessEnv, clock: Clock = systemClock): RunCommand {
  return (program, words, { stdin = "", gaveUp, timeoutMs = COMMAND_MS } = {}) =>
    new Promise((resolve, reject) => {
      let hasGivenUp = false;
      const ended = new AbortController();
      const child = execFile(program, [...words], { env, maxBuffer: OUTPUT_BYTES, encoding: "utf8" }, (error, stdout, stderr) => {
        ended.abort();
        if (hasGivenUp) return resolve({ status: 1, stdout: "", stderr });
        if (error && typeof error.code !== "number") return reject(absentProgram(program, error));
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
      });
      // not execFile's own: it waits for whoever holds the output, and a program's children may go on
      const late = () => {
        resolve({ status: 1, stdout: "", stderr: "", timedOut: true });
        child.kill("SIGKILL");
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      };
      clock.sleep(timeoutMs, ended.signal).then(late, () => {});
      let said = "";
      if (gaveUp) {
        child.stderr?.on("data", (text: string) => {
          said = `${said}${text}`.slice(-SAID_CHARACTERS);
          if (hasGivenUp || !gaveUp.test(said)) return;
          hasGivenUp = true;
          child.kill("SIGTERM");
        });
      }
      child.stdin?.on("error", () => {}); // a program that ends early does not read its script: its status tells
      child.stdin?.end(stdin);
    });
}

function absentProgram(program: string, cause: Error & { code?: unknown }): EmporiumError {
  const found = cause.code === "ENOENT" ? "is not on this machine" : `cannot be run (${String(cause.code ?? cause.message)})`;
  return new EmporiumError("ENGINE_ABSENT", `${program} ${found}`, {
    hint: "run the command on a machine from which jobs are submitted, or choose another --executor; emporium doctor lists what is installed",
    cause,
  });
}

/** The first lines of what a program said, for a message. */
export function wordsOf({ stderr, stdout, status }: CommandOutput): string {
  const text = (stderr.trim() || stdout.trim() || `exit status ${status}`).split("\n").slice(0, 3).join("; ");
  return redact(text.slice(0, 500));
}
