import { EmporiumError } from "./errors.js";

/** Characters without a special meaning in any POSIX shell, anywhere in an argument. */
const BARE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * Quotes a word for any POSIX shell: unchanged if it has no special character, otherwise in single quotes, the only quotes in which the
 * shell interprets nothing. The result may be quoted again, as schedulers need that take a command line as an argument.
 *
 * @throws {EmporiumError} NAME_UNSAFE for a NUL or half a surrogate pair, which no argument can contain.
 */
export function quoteWord(word: string): string {
  if (BARE.test(word)) return word;
  const fault = word.includes("\0") ? "a NUL character" : /[\ud800-\udfff]/u.test(word) ? "half a surrogate pair" : undefined;
  if (fault !== undefined) {
    throw new EmporiumError("NAME_UNSAFE", `${JSON.stringify(word)} contains ${fault}, which no script can contain`, {
      hint: "rename it",
    });
  }
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line: each word quoted, blanks between. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
