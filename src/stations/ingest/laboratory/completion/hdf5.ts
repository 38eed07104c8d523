import { few } from "../../../../core/finding.js";
import type { Decision } from "../decide.js";
import type { Laboratory } from "../survey/laboratory.js";

/** What a volume is published from. */
const OF_VOLUMES: readonly Decision["role"][] = ["tomogram", "half map", "tilt series", "mask"];

const NOT_READ = "HDF5, which is not read: write it as MRC";

/** Volumes in HDF5, which `ingest run` does not read, such as those that IMOD writes with IMOD_OUTPUT_FORMAT=HDF. @returns notes that name them */
export function leaveHdf5(files: Map<string, Decision>, laboratory: Laboratory): string[] {
  const inHdf5 = [...files.values()].filter(({ path }) => laboratory.get(path)?.format === "hdf5");
  const left = inHdf5.filter(({ role }) => OF_VOLUMES.includes(role));
  for (const file of left) files.set(file.path, { ...file, role: "left out", because: NOT_READ, details: {} });
  // the file of decisions has it from an earlier time: the tomogram is still missed
  const told = inHdf5.filter(({ role, because }) => role === "left out" && because === NOT_READ);
  const paths = [...left, ...told].map(({ path }) => path);
  if (paths.length === 0) return [];
  return [
    `${few(paths)}: volumes in HDF5 are not read. Write them as MRC, for example with IMOD: newstack -format MRC ${paths[0]} ${paths[0]!.replace(/\.\w+$/, ".mrc")}`,
  ];
}
