import { shapeWords } from "../../src/model/shape-words.js";

const LISTS: ReadonlySet<string> = new Set(["Point", "OrientedPoint", "InstanceSegmentation"]);

/** Each kind of shape once: `points, mask`. Empty without any. */
export const allShapeWords = (stored: readonly (string | null)[]): string =>
  [...new Set(stored.flatMap((one) => (one === null ? [] : [shapeWords(one)])))].join(", ");

/** Objects of an annotation. Archives write 0 for a mask or a surface, which nobody has counted: that is no number of objects. */
export const objectsOf = (count: number | null, stored: readonly (string | null)[]): number | null =>
  count === 0 && stored.some((one) => one !== null && !LISTS.has(one)) ? null : count;

/** Facets whose values are words of the portal's vocabularies; those of others are texts of people, and stay as they are. */
const OF_VOCABULARIES: ReadonlySet<string> = new Set(["sample", "processing", "fiducial", "methodtype"]);
const FIDUCIALS: Readonly<Record<string, string>> = { FIDUCIAL: "with fiducials", NON_FIDUCIAL: "without fiducials" };

/** Values of the facet `contents`. */
const CONTENTS: Readonly<Record<string, string>> = {
  frames: "Frames",
  tiltseries: "Tilt series",
  tomograms: "Tomograms",
  meshes: "Meshes",
  masks: "Masks",
  points: "Points",
  groundtruth: "Ground truth",
};

/** A value of a facet as pages write it. Archives have two spellings of what nobody has reported. */
export function valueWords(facet: string, value: string): string {
  if (facet === "shape") return shapeWords(value);
  if (facet === "contents") return CONTENTS[value] ?? value;
  if (value === "not_reported") return "not reported";
  return OF_VOCABULARIES.has(facet) ? (FIDUCIALS[value] ?? value.replaceAll("_", " ")) : value;
}

/** Values that are written alike are one choice: `not_reported` and `not reported`, two kinds of meshes. */
export interface Choice {
  readonly words: string;
  readonly values: readonly string[];
  readonly count: number;
}

/** Values of a facet as choices, in the order of the first of each. */
export function choicesInWords(facet: string, values: readonly { readonly value: string; readonly count: number }[]): Choice[] {
  const choices = new Map<string, Choice>();
  for (const { value, count } of values) {
    const words = valueWords(facet, value);
    const before = choices.get(words);
    choices.set(words, { words, values: [...(before?.values ?? []), value], count: (before?.count ?? 0) + count });
  }
  return [...choices.values()];
}
