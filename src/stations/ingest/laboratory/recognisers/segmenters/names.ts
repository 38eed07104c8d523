import { withUnderscores } from "../common/names.js";

/** What the ending of a name says of a segmentation. */
export interface Ending {
  readonly software?: string | undefined;
  /** In the words of the program, where it segments one kind of object alone. */
  readonly object?: string | undefined;
  readonly isInstances?: boolean | undefined;
  /** No mask: why it is left out. */
  readonly leftOut?: string | undefined;
}

export const SCORES_OF_MATCHING = "scores of a template matching, for each voxel";

/**
 * Endings that programs give, behind the name of the tomogram.
 *
 * Sources: store_segmented_tomograms in https://github.com/teamtomo/membrain-seg (`X_MemBrain_seg_v10_alpha.ckpt_segmented.mrc`, `…_scores.mrc`),
 * predictor.py in https://github.com/SMLC-NYSBC/TARDIS (`X_semantic.mrc`, `X_instance.mrc`), https://sbc-utrecht.github.io/pytom-match-pick (`X_scores.mrc`,
 * `X_angles.mrc`)
 */
const ENDINGS: readonly (readonly [form: RegExp, ending: Ending])[] = [
  [/(?:_membrain\w*|\.ckpt)[^/]*_scores$/i, { leftOut: "scores of MemBrain-seg: its segmentation is the mask" }],
  [/_uncertainty_map$/i, { leftOut: "how certain MemBrain-seg is" }],
  [/(?:_membrain|\.ckpt)[^/]*_components$/i, { software: "MemBrain-seg", object: "membrane", isInstances: true }],
  [/(?:_membrain|\.ckpt)[^/]*(?:_segmented|_seg|_skel\w*)$/i, { software: "MemBrain-seg", object: "membrane" }],
  [/(?:^|[_.-])(?:unrolled|membranograms?)(?=[_.-]|$)/i, { leftOut: "densities along a membrane, unrolled: no tomogram" }],
  [/_semantic$/i, { software: "TARDIS" }],
  [/_instances?(?:_mask)?$/i, { software: "TARDIS", isInstances: true }],
  // of a matching that was stopped: `TS_01_scores_00.mrc`, by the key of the job, which is 0, and the number of its part
  [/_(?:scores|angles)_0\d+$/i, { leftOut: "a part of a template matching that was not finished" }],
  [/_angles$|^angles[_-]/i, { leftOut: "the best orientation of a template matching, for each voxel" }],
  [
    /_(?:ccmap|ccc|[ln]cc(?:max)?|scores?_?maps?|convmap|xcorr)$|^(?:scores|ccmap|ccc|scoremap)[_-]/i,
    { leftOut: SCORES_OF_MATCHING },
  ],
  [
    // DeePiCt has them under the same name in the folder of each tomogram: `probability_map.mrc`
    /(?:^|[_.-])(?:scores?|(?:prob|probs|probability|probabilities|softmax|logits|confidence)(?:[_-]?maps?)?)$/i,
    { leftOut: "scores of a segmentation: a mask is made of them" },
  ],
];

export const endingOf = (stem: string): Ending | undefined => ENDINGS.find(([form]) => form.test(withUnderscores(stem)))?.[1];

/** Words of segmentations in general. Dragonfly, Amira, napari, TomoSegMemTV: whoever saves them chooses the name. */
export const SEGMENTED =
  /(?:^|[_.\- ])(?:seg(?:s|ment(?:s|ed|ations?)?|mask)?|labels?|label_?(?:maps?|fields?|volumes?)|lbls?|masks?|binary|instances?|semantic|predictions?|annotations?|ground_?truth|gt|memb(?:rane)?s?|tomosegmemtv|dragonfly|amira|napari|organelles?|roi|multiroi)\d*(?=[_.\- ]|$)/i;

const NO_OBJECT =
  /^(?:seg(?:s|ment(?:s|ed|ations?)?|mask)?|labels?|label(?:maps?|fields?|volumes?)|maps?|fields?|lbls?|masks?|binary|instances?|semantic|predictions?|annotations?|ground|truth|groundtruth|gt|tomosegmemtv|dragonfly|amira|napari|roi|multiroi|rec|vol|final|new|corrected|cleaned|manual|bin|tomo|tomogram|reconstruction|\d+|v\d+|bin\d+|b\d+)$/i;

/** What is left of the end of a name when the words of programs are gone: `membrane` of `_membrane_labels_v2`. */
export function objectOf(rest: string): string | undefined {
  const words = rest.split(/[_.\- ]+/).filter((word) => word !== "" && !NO_OBJECT.test(word));
  return words.length > 0 && words.every((word) => /^\p{L}{2,}\d*$/u.test(word)) ? words.join(" ") : undefined;
}
