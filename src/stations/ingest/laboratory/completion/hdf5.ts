import { few } from "../../../../core/finding.js";
import type { Decision } from "../decide.js";
import type { Laboratory } from "../survey/laboratory.js";

/** What a volume is published from. */
const OF_VOLUMES: readonly Decision["role"][] = ["tomogram", "half map", "tilt series", "mask"];

/** Volumes in HDF5, which `ingest run` does not read, such as those that IMOD writes with IMOD_OUTPUT_FORMAT=HDF. @returns notes that name them */
export function leaveHdf5(files: Map<string, Decision>, laboratory: Laboratory): string[] {
  const left = [...files.values()].filter(
    ({ path, role }) => OF_VOLUMES.includes(role) && laboratory.get(path)?.format === "hdf5",
  );
  for (const file of left)
    files.set(file.path, { ...file, role: "left out", because: "HDF5, which is not read: write it as MRC", details: {} });
  if (left.length === 0) return [];
  const paths = left.map(({ path }) => path);
  return [
    `${few(paths)}: volumes in HDF5 are not read. Write them as MRC, for example with IMOD: newstack -format MRC ${paths[0]} ${paths[0]!.replace(/\.\w+$/, ".mrc")}`,
  ];
}
