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
