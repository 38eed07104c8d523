import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { flatPartOf } from "../recognisers/common/prints.js";
import type { Laboratory } from "../survey/laboratory.js";

/** Whose files are no volumes to be published for what they are. */
const ETOMO = /^IMOD\b/;

/**
 * Tomograms and tilt series that are byte for byte a volume of which etomo's bookkeeping knows that it is none: an untrimmed volume or an aligned stack
 * under another name. What bookkeeping names stays. To be done before anything is left out that is as good as what stays; what others leave out, such as a
 * copied folder or a job in the bin, is as good as its equal elsewhere.
 */
export async function leaveKnownByOtherNames(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const sizeOf = ({ path }: Decision) => `${laboratory.get(path)?.size}`;
  const isVolume = ({ path }: Decision) => laboratory.get(path)?.volume !== undefined;
  const isKnown = ({ role, strength, question, copyOf, by }: Decision) =>
    role === "left out" && ETOMO.test(by ?? "") && (strength === "bookkeeping" || question !== undefined) && copyOf === undefined;
  const bySize = groupsOf(
    [...files.values()].filter((file) => isKnown(file) && isVolume(file)),
    sizeOf,
  );
  for (const file of [...files.values()]) {
    const { role, strength } = file;
    if ((role !== "tomogram" && role !== "tilt series") || strength === "bookkeeping" || strength === "person") continue;
    for (const other of bySize.get(sizeOf(file)) ?? []) {
      if ((await laboratory.digest(file.path)) !== (await laboratory.digest(other.path))) continue;
      // volumes without any contents are all alike
      if ((await flatPartOf(laboratory, file.path)) === 1) break;
      const because = `a copy of ${other.path}, which is left out: ${other.because}`;
      files.set(file.path, { ...file, role: "left out", because, details: {} });
      break;
    }
  }
}
