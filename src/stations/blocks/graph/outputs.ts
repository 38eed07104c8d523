import type { OutputDocument } from "./document.js";
import type { LocalNode } from "./nodes.js";
import type { StoredArray } from "./stored-array.js";

/** An array that people asked for. */
export interface OutputPlan {
  readonly name: string;
  readonly node: LocalNode;
  readonly document: OutputDocument;
  /** Address of the volume, without secrets. */
  readonly location: string;
  /** Key of the volume's folder in the target, with a slash at its end. */
  readonly folder: string;
  readonly array: StoredArray;
}
