import type { ValueTest } from "./values.js";

/** A table of a STAR file, before its rows are read. A `data_` block usually has one: a loop, or pairs of name and value. */
export interface StarHeader {
  /** Name of its block, without `data_`; empty in files that name none. Several tables may have the same name. */
  readonly name: string;
  readonly kind: "loop" | "pairs";
  /** Names of the columns without the leading `_`, in the order of the file. */
  readonly columns: readonly string[];
  /** Line of the block's `data_`, from 1. */
  readonly line: number;
}

/** Wanted parts of each row of a table, by the indices of its columns. */
export interface StarPick {
  /** Indices of columns that are read as numbers; a value that is none is an error with its line. */
  readonly numbers?: readonly number[];
  /** Indices of columns that are read as text. */
  readonly texts?: readonly number[];
  /** Test that a row must pass to be kept; nothing else is looked at in the others. */
  readonly keep?: { readonly column: number; readonly test: ValueTest } | undefined;
}

/** Some rows of one table, in the order of the file. */
export interface StarBatch {
  readonly table: StarHeader;
  readonly count: number;
  /** For each column of `StarPick.numbers`, `count` numbers. */
  readonly numbers: readonly Float64Array[];
  /** For each column of `StarPick.texts`, `count` texts. */
  readonly texts: readonly (readonly string[])[];
  /** The line of each row, from 1. */
  readonly lines: Uint32Array;
}
