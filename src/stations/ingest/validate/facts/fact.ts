import { asEmporiumError, type EmporiumError, isEmporiumError } from "../../../../core/errors.js";
import type { CheckPlace, Finding } from "../../../../core/finding.js";
import { once } from "../../../../core/once.js";

/** A value, or the reason why it is unknown. */
type Fact<T> = { readonly value: T } | Unknown;

interface Unknown {
  /** Reason without names, so that a report counts the same ones together: `no mdoc`. */
  readonly why: string;
  /** Error of the reader, for a thing that exists and cannot be read. */
  readonly fault?: EmporiumError | undefined;
}

/** A fact that is looked for when the first check asks, and once. */
export type Lazy<T> = () => Promise<Fact<T>>;

/** Ends a check that lacks a fact: it is reported as skipped, not as passed. */
export class Undecided extends Error {
  constructor(readonly why: string) {
    super(why);
  }
}

/** Ends a check for a field that must be there: this is its finding. */
export class Missing extends Error {
  constructor(readonly finding: Finding) {
    super(finding.found);
  }
}

/**
 * @param what as in a reason: "no mdoc", "the mdoc cannot be read".
 * @param read undefined if there is none. Errors of formats and stores make the fact unknown; bugs and a stop by the user are
 *   rethrown.
 */
export function lazy<T>(what: string, read: () => Promise<T | undefined>): Lazy<T> {
  return once(async () => {
    try {
      const value = await read();
      return value === undefined ? { why: `no ${what}` } : { value };
    } catch (error) {
      if (error instanceof Undecided) return { why: error.why };
      const fault = asEmporiumError(error);
      if (!isEmporiumError(error) || fault.code === "CANCELLED" || fault.code === "INTERNAL") throw error;
      return fault.code === "STORE_ABSENT" ? { why: `no ${what}` } : { why: `the ${what} cannot be read`, fault };
    }
  });
}

export function unknown<T>(why: string): Lazy<T> {
  return async () => ({ why });
}

export function given<T>(value: T): Lazy<T> {
  return async () => ({ value });
}

/** The value. @throws {Undecided} */
export async function known<T>(fact: Lazy<T>): Promise<T> {
  const result = await fact();
  if ("value" in result) return result.value;
  throw new Undecided(result.why);
}

/** The value, or undefined where it is not known. */
export async function orNothing<T>(fact: Lazy<T>): Promise<T | undefined> {
  const result = await fact();
  return "value" in result ? result.value : undefined;
}

/**
 * A finding with the reader's error, for a thing that exists and cannot be read; none if it can.
 *
 * @throws {Undecided} where it is absent
 */
export async function readable(fact: Lazy<unknown>, key: string, wanted: string): Promise<Finding[]> {
  const result = await fact();
  if ("value" in result) return [];
  if (!result.fault) throw new Undecided(result.why);
  const { byte, line, path } = result.fault.facts.place ?? {};
  const place: CheckPlace = { key, byte, line, path };
  return [{ found: result.fault.message, wanted, place }];
}
