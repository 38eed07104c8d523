import { few } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText } from "../questions.js";
import { flatPartOf } from "../recognisers/common/prints.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";

/** Empty corners of a tomogram that was turned fill less of it. */
const FLAT_LEAST = 0.5;
/** Of what has no more than a few grey voxels nothing was cut out: it is empty. */
const FLAT_MOST = 0.9995;

/**
 * Volumes of which most voxels hold a single value, and the others grey ones: what `imodmop` or a mask leaves of a tomogram. Whether it is published
 * as one is asked. What bookkeeping names as a tomogram is one.
 */
export async function paintedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const painted: { readonly file: Decision; readonly part: number }[] = [];
  for (const file of files.values()) {
    const { role, run, strength, path } = file;
    if (role !== "tomogram" || run === undefined || strength === "person" || strength === "bookkeeping") continue;
    const part = await flatPartOf(laboratory, path);
    if (part !== undefined && part >= FLAT_LEAST && part < FLAT_MOST) painted.push({ file, part });
  }
  if (painted.length === 0) return [];
  const shown = few(painted.map(({ file, part }) => `${file.path} (${Math.round(100 * part)} % of the voxels)`));
  const some = painted.map(({ file }) => file);
  return [
    {
      id: "painted",
      text: publishText(some.map(({ path }) => path)),
      why: `Most voxels hold one single value: ${shown}. That is how an object looks that imodmop or a mask has cut out of a tomogram.`,
      files: some.map(({ path }) => path),
      options: outOrAsIs(some, {
        because: "what was cut out of a tomogram: most of its voxels hold a single value",
        out: "no: cut out of a tomogram",
        as: "tomograms",
        says: "yes: published as tomograms",
      }),
      guess: "leave-out",
    },
  ];
}
