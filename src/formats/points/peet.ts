import { EmporiumError } from "../../core/errors.js";
import type { ReadPoints } from "./points.js";

/**
 * A motive list of PEET (`…_MOTL_Tom1_Iter2.csv`) has offsets and angles but no positions: those are in the IMOD model that
 * PEET's `.prm` names. So it is refused.
 */
// biome-ignore lint/correctness/useYield: there is nothing to give
export const readPeet: ReadPoints = async function* (source) {
  throw new EmporiumError(
    "FORMAT_UNSUPPORTED",
    `${source.name}: a motive list has no positions, they are in the IMOD model of PEET's fnModParticle`,
    {
      place: { file: source.name },
      hint: "take the model as Points with file_format: mod; createAlignedModel of PEET writes the offsets into a model",
    },
  );
};
