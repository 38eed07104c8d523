/** Whether PostgreSQL takes a text: it knows no NUL, and half of a surrogate pair is no character of UTF-8. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

/** What is wanted where a text is not of that kind. */
export const STORABLE_TEXT = "a text that a database takes, without NUL and half characters";
