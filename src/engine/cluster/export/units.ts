import { quoteWords } from "../../../core/shell.js";
import type { OpenRun } from "../run-record.js";

/** Parts of a run that a workflow file needs. */
export type ExportedRun = Pick<OpenRun, "record" | "url">;

/** Times that a workflow program begins a slice before it calls it failed: a slice that was stopped in time counts as well. */
export const TRIES = 10;

/**
 * A slice of a stage for a POSIX shell, which has its number in `EMPORIUM_SLICE` and earlier tries in `EMPORIUM_ATTEMPT`. Ends with 0 when
 * nothing of it is left to do: what failed for good is listed in the run, and the others go on. 75: it is to be begun again.
 */
export function sliceScript({ record, url }: ExportedRun, stage: string): string {
  const words = quoteWords([...record.command, "engine", "work", url, "--stage", stage]);
  return [
    ...record.prologue,
    "status=0",
    `${words} --slice "$EMPORIUM_SLICE" --attempt "$EMPORIUM_ATTEMPT" || status=$?`,
    'if [ "$status" -eq 3 ]; then exit 0; fi',
    'exit "$status"',
  ].join("\n");
}

/** Script that follows the slices of a stage. Behind the last stage it ends the run, with the run's exit status. */
export function gateScript({ record, url }: ExportedRun, stage: string): string {
  return [...record.prologue, quoteWords([...record.command, "engine", "gate", url, "--stage", stage])].join("\n");
}

/** Stages of a run in their order, with their numbers of slices. */
export function stagesOf({ record }: Pick<OpenRun, "record">): { name: string; slices: number }[] {
  return record.stages.map(({ name, slices }) => ({ name, slices: slices.length - 1 }));
}

/** Stages may have hyphens, names of programming languages none. */
export const wordOf = (stage: string): string => stage.replaceAll("-", "_");

/** Lines for people at the head of a file. Each is printable ASCII, so no name can end a comment. */
export function headLines({ record, url }: ExportedRun, call: string): string[] {
  const mebibytes = Math.ceil(record.resources.memoryBytes / 2 ** 20);
  return [
    `The run ${plainText(url)} of emporium ${plainText(record.program)}.`,
    call,
    "Every slice may be begun again, at any time: what has a receipt in the target is not done again.",
    `A slice asks for ${record.resources.cpus} processors and ${mebibytes} MiB. What fails for good is listed: emporium engine dead`,
  ];
}

function plainText(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}
