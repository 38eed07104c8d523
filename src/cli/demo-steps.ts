import { EmporiumError } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import type { Io } from "./command.js";
import { parseCommandLine } from "./flags.js";

/** A command of a demonstration, run as if it had been typed. */
export interface DemoStep {
  says: string;
  /** Name of the command. */
  name: string;
  words: readonly string[];
  /** Further words, too long to be shown: printed as a variable of the shell. */
  behind?: { words: readonly string[]; as: string } | undefined;
}

export interface DemoResult {
  command: string;
  exitStatus: number;
  result: unknown;
}

/** Prints a step's command line and runs it. With `--json` its document is kept for the demonstration's own. */
export async function runDemoStep({ says, name, words, behind }: DemoStep, io: Io): Promise<DemoResult> {
  const line = ["emporium", name, ...words.map(quoteWord), ...(behind ? [behind.as] : [])].join(" ");
  if (!io.json) io.out(`\n# ${says}\n$ ${line}`);
  const step = (await io.commands()).find((one) => one.name === name);
  if (!step) throw new EmporiumError("INTERNAL", `there is no command "${name}"`);
  let result: unknown;
  const keep = (value: unknown) => {
    result = value;
  };
  const { options } = parseCommandLine(step, [...words, ...(behind?.words ?? [])]);
  const exitStatus = await step.run(options, io.json ? { ...io, outJson: keep, out: (text) => keep(JSON.parse(text)) } : io);
  return { command: line, exitStatus, result };
}

/** What went wrong in a step, as its document has it. */
export function errorsOf(step: DemoResult | undefined): unknown {
  return (step?.result as { errors?: unknown } | undefined)?.errors ?? [];
}
