import type { ErrorCode, ErrorRecord, Place } from "../../../core/errors.js";
import { few } from "../../../core/finding.js";
import { inNumbers } from "../../../core/natural-order.js";
import { plainText } from "../../../core/plain-text.js";
import { counted } from "../../../core/units.js";

/** An error of a plan as a whole. */
export interface Refusal extends ErrorRecord {
  /** All files that it is about, where the message names a few of many: keys. */
  readonly files?: readonly string[] | undefined;
}

/** A finding of the account of source files against a plan. */
export interface Finding {
  readonly error: Refusal;
  /** Folders of the runs that it is about. */
  readonly runs: readonly string[];
  /** False where it may be meant: then it is a warning, which `--strict` makes an error. */
  readonly isSure: boolean;
  /** A warning, also with `--strict`. */
  readonly isUsual?: true | undefined;
}

export interface FindingParts {
  readonly place: Place;
  readonly hint: string;
  readonly files?: readonly string[];
  readonly runs: Iterable<string>;
  /** Default true. */
  readonly isSure?: boolean;
}

export function finding(code: ErrorCode, message: string, { place, hint, files, runs, isSure = true }: FindingParts): Finding {
  return { error: { code, message, ...place, hint, ...(files && { files }) }, runs: [...new Set(runs)], isSure };
}

/** `TS_1`, or `TS_1, TS_2, TS_3 and 4 more`. */
export function names(all: Iterable<string>): string {
  return few([...new Set(all)].sort(inNumbers));
}

/** `2 files`, with the first of them: file names alone, as the glob tells the folder. */
export function files(keys: readonly string[]): string {
  const first = keys.map((key) => plainText(key.slice(key.lastIndexOf("/") + 1)));
  const shown = keys.length > 3 ? `${first.slice(0, 3).join(", ")}, …; --json lists all` : first.join(", ");
  return `${counted(keys.length, "file")} (${shown})`;
}
