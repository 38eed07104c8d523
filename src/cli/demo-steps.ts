import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { asEmporiumError, EmporiumError, ERRORS, type ErrorRecord, toErrorRecord } from "../core/errors.js";
import { quoteWord, quoteWords } from "../core/shell.js";
import type { Io } from "./command.js";
import { visitedOnce } from "./demo-visit.js";
import { parseCommandLine } from "./flags.js";

/** A command of a demonstration, run as if it had been typed. */
export interface DemoStep {
  says: string;
  /** Name of the command. */
  name: string;
  words: readonly string[];
  /** Further words, too long to be shown: printed as a variable of the shell. */
  behind?: { words: readonly string[]; as: string } | undefined;
  /** A file that a person may have changed since: where it is, the command is not run again. */
  unless?: string | undefined;
  /** Words that depend on what the steps before it have left: asked for when its turn comes. */
  further?: (() => Promise<readonly string[]>) | undefined;
  /** A server: once it serves its pages are asked, and it is told to stop. */
  visited?: boolean | undefined;
  /** Variables that libraries read from the process, as `export` would have set them. */
  env?: Readonly<Record<string, string>> | undefined;
}

export interface DemoResult {
  command: string;
  exitStatus: number;
  result: unknown;
  errors: readonly ErrorRecord[];
}

/** Prints a step's command line and runs it. With `--json` its document is kept for the demonstration's own. */
export async function runDemoStep(step: DemoStep, io: Io): Promise<DemoResult> {
  const { says, name, behind, unless, further, visited = false, env = {} } = step;
  const words = [...step.words, ...((await further?.()) ?? [])];
  const line = ["emporium", name, ...words.map(quoteWord), ...(behind ? [behind.as] : [])].join(" ");
  const say = io.json ? () => {} : io.out;
  say(`\n# ${says}\n$ ${line}`);
  if (unless !== undefined && existsSync(unless)) {
    const reason = `${unless} is there`;
    say(`skipped: ${reason}`);
    return { command: line, exitStatus: 0, result: { skipped: reason }, errors: [] };
  }
  const command = (await io.commands()).find((one) => one.name === name);
  if (!command) throw new EmporiumError("INTERNAL", `there is no command "${name}"`);
  let result: unknown;
  const keep = (value: unknown) => {
    result = value;
  };
  const all = [...words, ...(behind?.words ?? [])];
  const { options } = parseCommandLine(command, all);
  const typed = io.typed && { ...io.typed, words: [...name.split(" "), ...all] };
  const own: Io = { ...io, typed, ...(io.json && { outJson: keep, out: (text: string) => keep(JSON.parse(text)) }) };
  const visit = visited ? visitedOnce(own) : undefined;
  const before = Object.fromEntries(Object.keys(env).map((key) => [key, process.env[key]]));
  Object.assign(process.env, env);
  try {
    const exitStatus = await command.run(options, visit?.io ?? own);
    if (visit) {
      const asked = await visit.done();
      io.signal.throwIfAborted();
      for (const { url, status, what } of asked) say(`${status} ${url}  ${what}`);
      result = { ...(result as object | undefined), asked };
    }
    return { command: line, exitStatus, result, errors: errorsIn(result) };
  } catch (thrown) {
    const error = asEmporiumError(thrown);
    if (error.code === "CANCELLED" || io.signal.aborted) throw thrown;
    io.fail(toErrorRecord(error));
    return { command: line, exitStatus: ERRORS[error.code].exit, result, errors: [toErrorRecord(error)] };
  } finally {
    for (const [key, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}

/** The errors that a step's document lists; empty where there is no document. */
function errorsIn(result: unknown): readonly ErrorRecord[] {
  return (result as { errors?: readonly ErrorRecord[] } | undefined)?.errors ?? [];
}

/**
 * Says which step ended a demonstration, and how to go on.
 *
 * @param name name of the demonstration; the command line as typed, where it is known, goes on in the same folder
 * @returns the errors for the demonstration's document
 */
export function failedStep({ command, exitStatus, errors }: DemoResult, name: string, io: Io): readonly ErrorRecord[] {
  const again = quoteWords(["emporium", ...(io.typed?.words ?? [name])]);
  const error = toErrorRecord(
    new EmporiumError(
      "TASK_FAILED",
      exitStatus === 130
        ? `the step was interrupted (exit status 130): ${command}`
        : `the step failed with exit status ${exitStatus}: ${command}`,
      {
        hint: `see the message above; run ${again} again to continue`,
      },
    ),
  );
  io.fail(error);
  return [...errors, error];
}

/** A folder that is made by a generator, whole or not at all: made anew, its files would be newer, and so work of other steps. */
export async function makeOnce(folder: string, make: (folder: string) => Promise<unknown>): Promise<void> {
  if (existsSync(folder)) return;
  const unfinished = `${folder}.part`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await make(unfinished);
  await rename(unfinished, folder);
}
