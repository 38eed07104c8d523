import { EmporiumError, type ErrorCode, type ErrorRecord, type Place, toErrorRecord } from "../../../core/errors.js";

/** Finds the place in the graph's file for a path in its document: that of the field's value or, with `key`, of its name. */
export type PlaceOf = (path: readonly PropertyKey[], key?: boolean) => Place;

interface FaultFacts {
  readonly code?: ErrorCode;
  readonly hint?: string | undefined;
  /** The field's name is at fault, not its value. */
  readonly key?: boolean;
}

/** Collects what is wrong with a graph, so that all of it is told at once. */
export interface Faults {
  add(path: readonly PropertyKey[], message: string, facts?: FaultFacts): void;
  /** An error that names its place within a part of the graph by a dotted path. */
  addError(path: readonly PropertyKey[], error: EmporiumError): void;
  readonly count: number;
  /** @throws {EmporiumError} the first, with the others */
  check(): void;
}

/** @param known errors that were found before */
export function collectFaults(placeOf: PlaceOf, known: readonly EmporiumError[] = []): Faults {
  const errors: EmporiumError[] = [...known];
  function addRecord(path: readonly PropertyKey[], { code, message, path: inner, hint }: ErrorRecord): void {
    const full = inner === undefined || inner === "" ? path : [...path, ...inner.split(".").map(stepOf)];
    errors.push(new EmporiumError(code, message, { place: placeOf(full), hint }));
  }
  return {
    add(path, message, { code = "CONFIG_RULE", hint, key = false } = {}) {
      errors.push(new EmporiumError(code, message, { place: placeOf(path, key), hint }));
    },
    addError(path, error) {
      addRecord(path, toErrorRecord(error));
      for (const other of error.facts.others ?? []) addRecord(path, other);
    },
    get count() {
      return errors.length;
    },
    check() {
      const [first, ...others] = inOrder(errors);
      if (!first) return;
      const { code, message, facts } = first;
      throw new EmporiumError(code, message, { ...facts, others: others.map(toErrorRecord) });
    },
  };
}

/** Errors in the order of the file; one that was found several times is told once. */
function inOrder(errors: readonly EmporiumError[]): EmporiumError[] {
  const keys = errors.map(({ message, facts: { place } }) => `${place?.path} ${message}`);
  const lineOf = ({ facts }: EmporiumError) => facts.place?.line ?? 0;
  const columnOf = ({ facts }: EmporiumError) => facts.place?.column ?? 0;
  return errors
    .filter((_, at) => keys.indexOf(keys[at]!) === at)
    .sort((a, b) => lineOf(a) - lineOf(b) || columnOf(a) - columnOf(b));
}

const stepOf = (step: string): string | number => (/^\d+$/.test(step) ? Number(step) : step);
