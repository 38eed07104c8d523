import type { CommandOutput, RunCommand } from "../engine-command.js";
import type { ArrayJob, EngineLimits } from "../engine-executor.js";

/** One of an engine's programs with its arguments. */
export interface EngineCall {
  readonly program: string;
  readonly words: readonly string[];
  /** Standard input in the place of the job's script. */
  readonly stdin?: string | undefined;
  /** File that is written before the program is called. */
  readonly file?: { readonly path: string; readonly text: string } | undefined;
}

/** An element of a job, or a job without elements, in an engine's own list. */
export interface ListedJob {
  readonly id: string;
  readonly name: string;
  readonly state: "waiting" | "running" | "held" | "over";
  /** Reason for which it waits, in the engine's words, where that does not end by itself. */
  readonly why?: string | undefined;
  /** Elements that the line stands for. Default: 1. */
  readonly count?: number | undefined;
}

/** Command language of one engine: its programs, their arguments, what their output means. */
export interface EngineWords {
  readonly name: string;
  /**
   * `list`: an array has the very indices that are wanted, and the worker knows the variable. Otherwise the script takes them from
   * `variable`: by the element's place where the array counts from `first`.
   */
  readonly indices: "list" | { readonly first?: 0 | 1 | undefined; readonly variable: string };
  /** The array of one element is a job without elements. */
  readonly singleIsPlain?: boolean | undefined;
  /** Whether a job can wait for others. Default: it can. */
  readonly waits?: boolean | undefined;
  limits(run: RunCommand): Promise<EngineLimits>;
  /** The script comes on standard input, unless the call has another. */
  submit(job: ArrayJob): EngineCall;
  /** The new job's id; undefined where the output names none. */
  idOf(output: CommandOutput): string | undefined;
  /** Call that lists all of one's own jobs that wait or run. */
  readonly list: EngineCall;
  parseList(output: string): readonly ListedJob[];
  /** A failure of `list` that only means that there is no job. */
  readonly none?: RegExp | undefined;
  /** Output of a program when the engine did not answer: it may have taken the job all the same. */
  readonly silent?: RegExp | undefined;
  /** Output of the program when the queue takes no more, before it tries again by itself for minutes. */
  readonly full?: RegExp | undefined;
  cancel(ids: readonly string[]): EngineCall;
  /** Lets held elements go on. */
  release?(id: string): EngineCall;
  /** Hint for a person on a refusal, by what the engine said. */
  hintOf(said: string): string;
}

export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);

/** `4:05`. */
export const hoursAndMinutes = (minutes: number): string =>
  `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
