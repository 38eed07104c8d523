/** Kinds of things that checks are about: reports count by them. */
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
