import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { flatPartOf } from "../recognisers/common/prints.js";
import type { Laboratory } from "../survey/laboratory.js";

/**
 * Tomograms and tilt series that are byte for byte a volume of which bookkeeping knows that it is none, such as an untrimmed volume or an aligned stack
 * under another name. What bookkeeping names stays. To be done before anything is left out that is as good as what stays.
 */
export async function leaveKnownByOtherNames(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const sizeOf = ({ path }: Decision) => `${laboratory.get(path)?.size}`;
  const isVolume = ({ path }: Decision) => laboratory.get(path)?.volume !== undefined;
  const isKnown = ({ role, strength, question, copyOf }: Decision) =>
    role === "left out" && (strength === "bookkeeping" || question !== undefined) && copyOf === undefined;
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
