import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, within } from "../common/paths.js";

/**
 * A project of I3: `defs/maps` and `defs/sets`, lists of particles `trf/SET.trf`, which nothing here reads, and tomograms in `maps` with texts of their tilts.
 * The tomograms are told by their headers.
 *
 * Source: docs/I3Processor.rst and src/processors/i3_processor.py of https://github.com/kmshin1397/ETSimulations
 */
export const i3: Recogniser = {
  id: "i3",
  software: "I3",
  recognise: async (laboratory) => {
    const roots = laboratory
      .folders()
      .filter((folder) => baseName(folder) === "trf" && laboratory.inFolder(folder).some(isList))
      .map(folderOf)
      .filter((root) => laboratory.get(within(root, "defs/maps"))?.format === "text");
    if (roots.length === 0) return undefined;
    const claims = roots.flatMap((root) => claimsOf(laboratory, root));
    return { software: "I3", by: roots.slice(0, 3).map((root) => within(root, "defs/maps")), claims };
  },
};

const isList = ({ path }: { readonly path: string }): boolean => /\.trf$/i.test(path);
const LIST =
  "a list of particles of I3, which is not read: its columns 2 to 4 are whole voxels, and 5 to 7 the rest of each: write their sums as CSV";

function claimsOf(laboratory: Laboratory, root: string): Claim[] {
  const leave = (path: string, because: string): Claim => ({ path, role: "left out", because, strength: "bookkeeping" });
  const textsOf = (name: string) => laboratory.inFolder(within(root, name)).filter(({ format }) => format === "text");
  return [
    ...textsOf("trf").map((file) => leave(file.path, isList(file) ? LIST : BOOKKEEPING)),
    ...[...textsOf("defs"), ...textsOf("maps")].map(({ path }) => leave(path, BOOKKEEPING)),
  ];
}

const BOOKKEEPING = "a project file of I3";
