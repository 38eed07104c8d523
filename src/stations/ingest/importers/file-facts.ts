import type { TypeKey } from "../../../model/kinds.js";

/** For a kind whose items are source files: what to report if there are none, or if one is not used. */
export interface FileFacts {
  /** Level at which an empty find is reported: for a section as a whole and its sources, or only for a source. */
  readonly emptyTold?: "section" | "source" | undefined;
  /** Other kinds whose metadata are made of these files. */
  readonly feeds?: readonly TypeKey[] | undefined;
  /** Filters of the command apply to the joined names of all files of a source. */
  readonly namedTogether?: true | undefined;
  /** Failures name the files that they concern; of other kinds one failure concerns all of a run. */
  readonly failsAlone?: true | undefined;
  /** MRC and Zarr are made of them: without both nothing is. */
  readonly asVolumes?: true | undefined;
}

export type FactsByKind = ReadonlyMap<TypeKey, FileFacts>;
