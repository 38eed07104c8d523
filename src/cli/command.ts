import type { z } from "zod";
import type { Clock } from "../core/clock.js";
import type { ErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { TypedCommand } from "../engine/env.js";
import type { OnEvent } from "../engine/events.js";

/** The parts of the process that a command may use. It touches nothing else, so that tests run commands without a process. */
export interface Io {
  /** A line of the result, for stdout. */
  out(text: string): void;
  /** As `out`, for a line whose secret the person is meant to have: nothing is cut out of it. */
  reveal(text: string): void;
  /** As `out`; on a terminal the next text takes its place. */
  show(text: string): void;
  /** The result as a JSON document, for stdout. */
  outJson(value: unknown): void;
  /** A failure that does not end the command: three lines on stderr. */
  fail(error: ErrorRecord): void;
  readonly json: boolean;
  /** The result goes to a terminal. */
  readonly attended: boolean;
  readonly log: Log;
  /** Takes the events of a run: progress, and messages about what a person should know. */
  readonly onEvent: OnEvent;
  /** This command line. */
  readonly typed?: TypedCommand | undefined;
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of journals and caches: `--workspace`, `$EMPORIUM_WORKSPACE` or `.emporium`. */
  readonly workspace: string;
  /** Asks the user a question on stderr, and waits for a line of stdin; undefined if there is no user. */
  ask(question: string): Promise<string | undefined>;
  /** Every command of the program, loaded. */
  commands(): Promise<Command[]>;
}

/** Facts for help and completion beside an option's type. Given as zod's `.meta()`. */
export interface OptionMeta {
  description: string;
  /** Name of the value in help: `DIR`, `URL`, `RE`. Positionals are shown under this name. `FILE` and `DIR` complete to paths. */
  value?: string;
  short?: string;
  /** Name of the negative form where it is not `no-<name>`. */
  negative?: string;
  /** `import-*`: one flag for each value of an array's enum, or for each key of a record; of an array of pairs, for each value of the first, with their order. */
  family?: string;
  /** Fields of the file that the option names: who gives one as an option is told where it is written. */
  fields?: readonly string[];
  /** Word for a family's `*` in help: with `plural` it shows `--import-<plural>`. */
  familyName?: string;
  /** A file that is written whole: nothing but an earlier result is replaced (`written-files.ts`). */
  written?: boolean;
  /** Names of further files that are written like it, in its folder. */
  beside?: readonly string[];
  /** For arrays: one flag takes every word up to the next flag, `-z 3 4 5`. */
  several?: boolean;
}

export interface Example {
  /** A command line that a test runs, in a folder where `emporium demo --once` ran before. */
  run: string;
  says: string;
  /** The command runs until it is stopped. */
  stays?: boolean;
}

/**
 * One command, described once: the parser, `--help`, `docs/reference/cli.md` and the completion scripts are made from this
 * object. Its module loads little; `run` imports the library function that does the work.
 */
export interface CommandSpec<Shape extends z.ZodRawShape> {
  /** Words after `emporium`. */
  name: string;
  summary: string;
  /** Paragraphs for `--help` and the reference. */
  details?: readonly string[];
  /** Keys of `options` that are given by place, in this order. */
  positionals?: readonly (keyof Shape & string)[];
  /** Hint for a word too many, where another command is what is meant. */
  otherwise?: string;
  /** Hint for a word too few: what has to be made first, and how. */
  beforehand?: string;
  options: z.ZodObject<Shape>;
  examples: readonly [Example, ...Example[]];
  /** @returns the exit status. */
  run(options: z.output<z.ZodObject<Shape>>, io: Io): Promise<number>;
}

/** A command whose option types are forgotten: what dispatch, help and completion handle. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly details: readonly string[];
  readonly positionals: readonly string[];
  readonly otherwise?: string | undefined;
  readonly beforehand?: string | undefined;
  readonly options: z.ZodObject;
  readonly examples: readonly Example[];
  run(options: Record<string, unknown>, io: Io): Promise<number>;
}

export function command<Shape extends z.ZodRawShape>(spec: CommandSpec<Shape>): Command {
  return {
    details: [],
    positionals: [],
    ...spec,
    // `parseCommandLine` has put the options through this very schema
    run: (options, io) => spec.run(options as z.output<z.ZodObject<Shape>>, io),
  };
}
