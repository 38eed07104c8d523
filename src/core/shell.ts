import { EmporiumError } from "./errors.js";

/** Characters that no POSIX shell reads as anything but themselves, wherever they stand in an argument. */
const BARE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A word as any POSIX shell reads it back: bare where no character means anything to a shell, else in single quotes, the only quotes in which the shell
 * reads nothing. What it gives may be put through it again, as schedulers need whose argument is a command line of its own.
 *
 * @throws {EmporiumError} NAME_UNSAFE for what no argument can hold: a NUL, and half a surrogate pair, which has no bytes.
 */
export function quoteWord(word: string): string {
  if (BARE.test(word)) return word;
  const fault = word.includes("\0") ? "a NUL character" : /[\ud800-\udfff]/u.test(word) ? "half a surrogate pair" : undefined;
  if (fault !== undefined) {
    throw new EmporiumError("NAME_UNSAFE", `${JSON.stringify(word)} holds ${fault}, which no script can pass on`, {
      hint: "rename it",
    });
  }
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line: each word quoted, blanks between. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
