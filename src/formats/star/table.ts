import type { ValueTest } from "./values.js";

/** A table of a STAR file, before its rows are read. A `data_` block usually has one: a loop, or pairs of name and value. */
export interface StarHeader {
  /** Of its block, without `data_`; empty in files that name none. Several tables may bear one name. */
  readonly name: string;
  readonly kind: "loop" | "pairs";
  /** Without the leading `_`, in the order of the file. */
  readonly columns: readonly string[];
  /** Of the block's `data_`, from 1. */
  readonly line: number;
}

/** What is wanted of each row of a table, by the places of its columns. */
export interface StarPick {
  /** Read as numbers; a value that is none is an error with its line. */
  readonly numbers?: readonly number[];
  /** Read as text. */
  readonly texts?: readonly number[];
  /** Only rows that pass; nothing else is looked at in the others. */
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
