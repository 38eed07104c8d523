/** What a check is about: reports count by it. */
export const MARKS = [
  "deposition",
  "dataset",
  "run",
  "frame",
  "gain",
  "mdoc",
  "tilt_angles",
  "tiltseries",
  "alignment",
  "voxel_spacing",
  "tomogram",
  "annotation",
  "photo",
  "neuroglancer",
] as const;

export type Mark = (typeof MARKS)[number];

/** Where to look: an object or folder, and the place in it. */
export interface CheckPlace {
  /** Relative to the tree, or to the input. */
  readonly key: string;
  /** Dotted path in a JSON document. */
  readonly path?: string | undefined;
  readonly byte?: number | undefined;
  /** From 1. */
  readonly line?: number | undefined;
}

/** One thing that is not as it should be: "found, wanted". */
export interface Finding {
  readonly found: string;
  readonly wanted: string;
  readonly place: CheckPlace;
  /** A paragraph, where found and wanted do not tell the story. */
  readonly explanation?: string | undefined;
}
