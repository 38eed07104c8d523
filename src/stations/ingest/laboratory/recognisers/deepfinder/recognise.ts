import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Recogniser } from "../../claims.js";

const BYTES_MAX = 16 * 1024 * 1024;
const READS_IN_FLIGHT = 4;

/**
 * DeepFinder's lists of objects, which nothing here reads: they are told, with what to write in their place.
 *
 * Source: `write_xml` of deepfinder/utils/objl.py and the parameters of a training in https://github.com/deep-finder/cryoet-deepfinder
 */
export const deepfinder: Recogniser = {
  id: "deepfinder",
  software: "DeepFinder",
  async recognise(laboratory) {
    const texts = laboratory.files.filter(
      ({ path, format, size }) => /\.xml$/i.test(path) && format === "text" && size <= BYTES_MAX,
    );
    const found = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<Claim | undefined> => {
      const because = reasonOf((await laboratory.text(path, BYTES_MAX)) ?? "");
      return because === undefined ? undefined : { path, role: "left out", because, strength: "bookkeeping" };
    });
    const claims = found.filter((claim) => claim !== undefined);
    return claims.length === 0 ? undefined : { software: "DeepFinder", by: claims.slice(0, 2).map(({ path }) => path), claims };
  },
};

function reasonOf(text: string): string | undefined {
  if (/^\s*(?:<\?xml[^>]*>\s*)?<params(?:Train|Segment)?>/i.test(text)) return "a project file of DeepFinder";
  if (!/^\s*(?:<\?xml[^>]*>\s*)?<objlist\b/i.test(text)) return undefined;
  const classes = new Set([...text.matchAll(/\bclass_label="(\d+)"/g)].map(([, label]) => label));
  const of = classes.size > 1 ? `, of ${counted(classes.size, "class", "classes")}` : "";
  return `a list of objects of DeepFinder${of}, in voxels: to publish it, write x, y and z of each class as CSV`;
}
