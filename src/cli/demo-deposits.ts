import type { DepositName } from "../../examples/lab/generate.mjs";

/** The laboratory's deposits in the order in which they are ingested, each without what is wrong in it on purpose. */
export const DEPOSITS: readonly { name: DepositName; says: string; words: readonly string[] }[] = [
  {
    name: "imod",
    says: "A deposition of two runs becomes a tree in the portal's layout",
    words: [],
  },
  {
    name: "aretomo",
    says: "Another one, aligned by AreTomo: two voxel spacings, picks and masks of copick, meshes",
    words: ["--filter-run-name", "run_00[12]$"],
  },
  {
    name: "batch",
    says: "Some of ten runs whose files are named by maps; one was aligned by RELION 5",
    words: ["--filter-run-name", "mka2019-11-19-(1|3|5|12)$"],
  },
  { name: "sim", says: "Simulated data: instance masks, points and mask of one annotation", words: [] },
  {
    name: "annotations",
    says: "Annotations that were made later on all of them, in every format",
    words: [],
  },
  { name: "cell", says: "A cell to look at: ribosomes, membranes, microtubules", words: [] },
];
