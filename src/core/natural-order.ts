const NATURAL = new Intl.Collator("en", { numeric: true });

/** Order of names for people: `TS_2` before `TS_10`. Names that only differ to the letter (`TS_1`, `TS_01`) have an order, too. */
export function inNumbers(a: string, b: string): number {
  return NATURAL.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
