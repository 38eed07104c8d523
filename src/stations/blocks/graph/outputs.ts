import type { OutputDocument } from "./document.js";
import type { ComputedNode, ReduceNode } from "./nodes.js";
import type { ResultFormat } from "./reduce/print-result.js";
import type { StoredArray } from "./stored-array.js";

/** An array and whose value it has. */
export interface StoredLevel {
  readonly node: ComputedNode;
  readonly array: StoredArray;
}

/** A volume that people asked for; its own node and array are those of the finest level. */
export interface OutputPlan extends StoredLevel {
  readonly name: string;
  readonly document: OutputDocument;
  /** Address of the volume, without secrets. */
  readonly location: string;
  /** Place in ids, relative to the folder of the first output: see `Placed`. */
  readonly place: string;
  /** Key of the volume's folder in the target, with a slash at its end. */
  readonly folder: string;
  /** Coarser levels, the finest of them first. */
  readonly coarser: readonly StoredLevel[];
}

export function levelsOf({ node, array, coarser }: OutputPlan): StoredLevel[] {
  return [{ node, array }, ...coarser];
}

/** A result of a reduction that people asked for. */
export interface ResultPlan {
  readonly name: string;
  readonly node: ReduceNode;
  readonly format: ResultFormat;
  readonly location: string;
  /** Key of the document in the target; for results that are folders, of the folder. */
  readonly key: string;
  /** Key of the object that its stage writes. */
  readonly from: string;
}
