import type { TypeKey } from "../../../model/kinds.js";

/** Of a kind whose finds are files that something is made of, what is said where there are none, or where nothing comes of one. */
export interface FileFacts {
  /** What is told where nothing is found: that of a section (and of its sources that find nothing beside others), or of a source alone. */
  readonly emptyTold?: "section" | "source" | undefined;
  /** Other kinds whose metadata are made of these files. */
  readonly feeds?: readonly TypeKey[] | undefined;
  /** Filters of the command go by the names of all files of a source together. */
  readonly namedTogether?: true | undefined;
  /** Failures name the files that they concern; of other kinds one failure concerns all of a run. */
  readonly failsAlone?: true | undefined;
  /** MRC and Zarr are made of them: without both nothing is. */
  readonly asVolumes?: true | undefined;
}

export type FactsByKind = ReadonlyMap<TypeKey, FileFacts>;
