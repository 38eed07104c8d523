import { few } from "../../../../../core/finding.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Recogniser } from "../../claims.js";
import { beginningOf } from "../common/reading.js";

const HEAD_BYTES = 64 * 1024;
const READS_IN_FLIGHT = 8;

/**
 * PyTom's lists of particles, which nothing here reads: they are told, with what to write in their place; and its jobs.
 *
 * Source: `toXML` of ParticleList, PickPosition and PeakJob in https://github.com/SBC-Utrecht/PyTom
 */
export const pytom: Recogniser = {
  id: "pytom",
  software: "PyTom",
  async recognise(laboratory) {
    const texts = laboratory.files.filter(({ path, format }) => /\.xml$/i.test(path) && format === "text");
    const found = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<Claim | undefined> => {
      const because = reasonOf(await beginningOf(laboratory, path, HEAD_BYTES));
      return because === undefined ? undefined : { path, role: "left out", because, strength: "bookkeeping" };
    });
    const claims = found.filter((claim) => claim !== undefined);
    return claims.length === 0 ? undefined : { software: "PyTom", by: claims.slice(0, 2).map(({ path }) => path), claims };
  },
};

/** What may stand before the first element. */
const BEFORE = String.raw`^\uFEFF?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*`;
const LIST = new RegExp(`${BEFORE}<ParticleList\\b`);
const JOB = new RegExp(`${BEFORE}<(?:JobDescription|FRMJob|GLocalAlignmentJob|ExpectationMaximisationJob|MCOEXMXJob)\\b`);

function reasonOf(text: string): string | undefined {
  if (JOB.test(text)) return "a project file of PyTom";
  if (!LIST.test(text)) return undefined;
  const volumes = [...new Set([...text.matchAll(/<PickPosition\b[^>]*\bOrigin="([^"]+)"/g)].map(([, name]) => name!))];
  const of = volumes.length === 0 ? "" : `, picked in ${few(volumes, 3)}`;
  return `a list of particles of PyTom${of}, which is not read: write X, Y and Z of each PickPosition as CSV`;
}
