import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText } from "../questions.js";
import { baseName } from "../recognisers/common/paths.js";
import { LIGHT_NAME } from "../recognisers/light/names.js";
import { outOrAsIs } from "./claim.js";

const VOLUMES: readonly Role[] = ["tomogram", "half map"];
const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts", "alignment"];

/**
 * Volumes whose names have a word of light microscopy, `TS_01_rec_GFP.mrc`: fluorescence that somebody has moved onto the grid of a tomogram, as a rule. Not where a series
 * itself is called so, after a specimen that carries the protein, or where all tomograms are. A person says whether they are published.
 */
export function lightQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const all = [...files.values()];
  const isNamed = ({ path }: Decision) => LIGHT_NAME.test(baseName(path));
  const volumes = all.filter(({ role }) => VOLUMES.includes(role));
  const specimens = new Set(all.flatMap((file) => (RECORDED.includes(file.role) && isNamed(file) ? (file.run ?? []) : [])));
  const meant = volumes.filter(
    (file) => isNamed(file) && !specimens.has(file.run ?? "") && file.strength !== "person" && file.strength !== "bookkeeping",
  );
  if (meant.length === 0 || meant.length === volumes.length) return [];
  const paths = meant.map(({ path }) => path);
  return [
    {
      id: "light",
      text: publishText(paths),
      why: "By the name, recorded with a light microscope.",
      files: paths,
      options: outOrAsIs(meant, {
        because: "recorded with light, by its name",
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}
