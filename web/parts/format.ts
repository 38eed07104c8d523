import { formatBytes } from "../../src/core/units.js";

/** Numbers as the program prints them; what is absent is an en dash. */
export const ABSENT = "–";

type Maybe<T> = T | null | undefined;

/** `20 000`, a thin space at thousands. */
export const count = (value: Maybe<number>): string =>
  value === null || value === undefined ? ABSENT : String(value).replace(/\B(?=(\d{3})+$)/g, "\u2009");
export const bytes = (value: Maybe<number>): string => (value === null || value === undefined ? ABSENT : formatBytes(value));
/** `10.80`, without its unit. */
export const fixed = (value: Maybe<number>, digits = 2): string =>
  value === null || value === undefined ? ABSENT : value.toFixed(digits);
export const angstrom = (value: Maybe<number>): string => (value === null || value === undefined ? ABSENT : `${fixed(value)} Å`);
/** `256 × 192 × 64`: x, y, z, as people say it. */
export const shape = (...sizes: readonly Maybe<number>[]): string =>
  sizes.some((size) => size === null || size === undefined) ? ABSENT : sizes.join(" × ");
// Swedish dates are ISO dates
const MOMENT = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "long" });
/** `2026-11-22 14:02 CET`, of this browser's zone; what is no moment stays as it is. */
export const moment = (iso: string): string => (Date.parse(iso) ? MOMENT.format(Date.parse(iso)).replace(/:\d\d /, " ") : iso);
/** `2026-11-20`, of an ISO date: the same day in all zones. */
export const day = (value: Maybe<string>): string => value?.slice(0, 10) ?? ABSENT;
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
