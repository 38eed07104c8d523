import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { isBox } from "../recognisers/common/averages.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";

/** What shows that somebody recorded a run. */
const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts", "alignment"];
/** IMOD calls its reconstructions so, and nobody a map. */
const RECONSTRUCTION = /\.rec$/i;

/**
 * Volumes that only their header calls tomograms, and that have the shape of a box of particles: as cryoDRGN and people name them, nothing but
 * the shape tells a map from a tomogram. Not of a run that was recorded, or that has a tomogram of another shape. Where all are boxes they may have been cut
 * so: until somebody answers they count as tomograms.
 */
export function boxQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const all = [...files.values()];
  const isOfBox = ({ path }: Decision) => isBox(laboratory.get(path)!) && !RECONSTRUCTION.test(path);
  const isUsual = all.every((file) => file.role !== "tomogram" || isOfBox(file));
  const vouched = new Set(
    all.flatMap((file) => {
      const isVouching = RECORDED.includes(file.role) || (file.role === "tomogram" && !isOfBox(file));
      return isVouching && file.run !== undefined ? [file.run] : [];
    }),
  );
  const doubts = all.filter(
    ({ role, run, strength, by = "" }) =>
      role === "tomogram" &&
      run !== undefined &&
      !vouched.has(run) &&
      by === "" &&
      strength !== "person" &&
      strength !== "bookkeeping",
  );
  const groups = groupsOf(doubts.filter(isOfBox), ({ path }) => laboratory.get(path)!.volume!.shape.join(" "));
  return [...groups].map(([key, group]): Question => {
    const [z, y, x] = laboratory.get(group[0]!.path)!.volume!.shape;
    const isOne = group.length === 1;
    return {
      id: stableId("box", group.map(({ path }) => withoutNumbers(path)).join(" ") + key),
      text: isOne ? `Is ${group[0]!.path} a tomogram?` : `Are these ${counted(group.length, "volume")} tomograms?`,
      why: `${x}×${y}×${z} voxels is the box size of an average or a particle, and there is no tilt series of ${isOne ? "its run" : "their runs"}.`,
      files: group.map(({ path }) => path),
      options: [
        {
          answer: "leave-out",
          says: "no, averages or particles: not published",
          claims: group.map((file) => leftOut(file, "a map, an average or a particle")),
        },
        { answer: "tomograms", says: "yes: published as tomograms", claims: group.map(asItIs) },
      ],
      ...(isUsual && { guess: "tomograms" }),
    };
  });
}
