/** Whether PostgreSQL accepts a text: no NUL, no single surrogate. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

/** For messages. */
export const STORABLE_TEXT = "a text that a database takes, without NUL and half characters";
