import type { ErrorRecord } from "./errors.js";
import { counted } from "./units.js";

/** Result that the library hands back to a command. The data members are the document of `--json`. */
export interface Report {
  readonly errors: readonly ErrorRecord[];
  /** Exit status of the command. */
  readonly exitStatus: number;
  /** The document as text for people, without the errors. */
  toText(): string;
  /** The text is long: the errors are told after it, where a person still sees them. */
  readonly errorsLast?: true | undefined;
}

/** Exit status: 0 where nothing failed, 3 where something else was done, 1 where nothing was. */
export function exitOf(failed: number, done = 1): 0 | 1 | 3 {
  if (failed === 0) return 0;
  return done > 0 ? 3 : 1;
}

/** Adds the text to a document. Its lines are made when the text is asked for. */
export function withText<D extends object>(document: D, lines: (document: D) => readonly string[]): D & Pick<Report, "toText"> {
  return { ...document, toText: () => lines(document).join("\n") };
}

/** The first notes; the document has them all. */
export function noteLines(notes: readonly string[], shown: number): string[] {
  const more = notes.length > shown ? [`and ${counted(notes.length - shown, "more note")} (--json)`] : [];
  return [...notes.slice(0, shown).map((note) => `note: ${note}`), ...more];
}

export function warningLines(warnings: readonly string[]): string[] {
  return warnings.map((warning) => `warning: ${warning}`);
}
