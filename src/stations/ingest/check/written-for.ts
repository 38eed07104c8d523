import { existsSync } from "node:fs";
import { nestingOf } from "../../../stores/nesting.js";
import type { Store } from "../../../stores/store.js";
import type { PlanWarning } from "../draft.js";

/** Line of a configuration's heading that says for which folder `ingest new` has written it. */
export const writtenFor = (input: string): string => `Written for ${input}: give that as INPUT to ingest plan and ingest run.`;
const WRITTEN_FOR = /^# Written for (.+): give that as INPUT to ingest plan and ingest run\.\r?$/m;

/** The folder that the heading names. */
export const readWrittenFor = (text: string): string | undefined => WRITTEN_FOR.exec(text)?.[1];

/**
 * Warns where INPUT is another folder of this machine than the one that a configuration was written for, while that one is still there: what was decided by
 * looking at its files is then said of others of the same names. A folder that has moved is no matter.
 */
export function otherFolderWarning(written: string | undefined, file: string, source: Store): PlanWarning[] {
  const path = source.local?.path("");
  if (written === undefined || path === undefined || !written.startsWith("/") || !existsSync(written)) return [];
  if (nestingOf(path, written) === "same") return [];
  const message = `${file} was written for ${written}, and INPUT is ${path}: what it says of files was decided by looking at others`;
  return [{ code: "USAGE", message, place: { file } }];
}
