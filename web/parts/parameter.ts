/** Reads a parameter, as text or as the router hands it back; undefined for what it does not understand. */
export type Parameter<T> = (value: unknown) => T | undefined;

/** A text that matches. */
export const matching =
  (pattern: RegExp): Parameter<string> =>
  (value) =>
    typeof value === "string" && pattern.test(value) ? value : undefined;
const upTo =
  (length: number): Parameter<string> =>
  (value) =>
    typeof value === "string" && value.length <= length ? value : undefined;
export const text = upTo(2000);
/** One of them, or a list of at most a hundred. */
export const several =
  <T extends string>(one: Parameter<T>): Parameter<T | readonly T[]> =>
  (value) =>
    !Array.isArray(value)
      ? one(value)
      : value.length <= 100 && value.every((each) => one(each) !== undefined)
        ? (value as T[])
        : undefined;
/** One text, or several. */
export const texts = several(upTo(500));
/** A whole number from 0. */
export const whole: Parameter<number> = (value) => {
  const isWhole =
    typeof value === "number" ? Number.isSafeInteger(value) && value >= 0 : matching(/^\d{1,9}$/)(value) !== undefined;
  return isWhole ? Number(value) : undefined;
};
/** One of a few words. */
export const oneOf =
  <const Word extends string>(...words: readonly Word[]): Parameter<Word> =>
  (value) =>
    words.find((word) => word === value);
