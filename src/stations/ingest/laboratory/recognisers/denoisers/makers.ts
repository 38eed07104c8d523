import type { Details } from "../../claims.js";

/** A program that makes a tomogram of another one, by what it leaves in names and headers. */
export interface Maker {
  readonly software?: string | undefined;
  readonly processing: NonNullable<Details["processing"]>;
  /** In names of files, between separators. */
  readonly word: RegExp;
  /** Names of folders. */
  readonly folder: RegExp;
  readonly label?: RegExp | undefined;
}

const word = (words: string): RegExp => new RegExp(`(?:^|[_.\\- ])(?:${words})\\d*(?=[_.\\- ]|$)`, "i");
const folder = (words: string): RegExp => new RegExp(`(?:^|[_.\\- ])(?:${words})(?=[_.\\- \\d]|$)`, "i");

/**
 * In the order in which they are tried.
 *
 * Sources: https://github.com/juglab/cryoCARE_pip (cryoCARE_predict.py: the name of the even half, a label in the header),
 * https://github.com/IsoNet-cryoET/IsoNet (predict.py: `corrected_tomos/X_corrected.mrc`; deconv: `deconv/X.mrc`),
 * https://github.com/MLI-lab/DeepDeWedge (refine_tomogram.py: `refined_tomograms/X_refined.mrc`), https://github.com/tbepler/topaz (denoise.py: `X.denoised.mrc`),
 * https://github.com/apeck12/denoiset (its output has the name of its input, in a folder), https://warpem.github.io/warp (Noise2Map: `denoised/X.mrc`), https://bio3d.colorado.edu/imod/doc/man/nad_eed_3d.html
 */
export const MAKERS: readonly Maker[] = [
  { software: "cryoCARE", processing: "denoised", word: word("cryo-?care"), folder: folder("cryo-?care"), label: /cryoCARE/i },
  { software: "IsoNet", processing: "denoised", word: word("isonet2?(?:-\\w+)?"), folder: folder("isonet2?|corrected_tomos") },
  {
    software: "DeepDeWedge",
    processing: "denoised",
    word: /(?:^|[_.\- ])(?:ddw|deepdewedge)\d*(?=[_.\- ]|$)|\+.*_refined$/i,
    folder: folder("ddw|deepdewedge|refined_tomograms"),
  },
  {
    software: "Topaz-Denoise",
    processing: "denoised",
    word: /(?:^|[_.\- ])topaz(?=[_.\- ]|$)|\.denoised$/i,
    folder: folder("topaz"),
  },
  { software: "DenoisET", processing: "denoised", word: word("denoiset"), folder: folder("denoiset") },
  { software: "Noise2Map", processing: "denoised", word: word("noise2map|n2map"), folder: folder("noise2map|n2map") },
  { processing: "filtered", word: word("deconv(?:olved|olution)?|dconv|wiener"), folder: folder("deconv(?:olved|olution)?") },
  { software: "IMOD nad_eed_3d", processing: "filtered", word: word("nad"), folder: /^nad$/i },
  {
    processing: "filtered",
    word: word("bm4d|nlm|tvf|median|gauss(?:ian)?|lowpass|lp\\d+A?|bandpass|eed"),
    folder: folder("filtered|lowpass"),
  },
  { processing: "denoised", word: word("denoised?|denoising|dns|n2n|n2v"), folder: folder("denoised?|denoising") },
];

/** Words of what lies beside denoised tomograms and is none. */
export const OTHERS =
  /(?:^|[_.\- ])(?:masks?|seg\w*|semantic|instances?|labels?|scores?|prob\w*|noise|odd|wedge|ctf|proj\w*|subtomo\w*)(?=[_.\- \d]|$)/i;

/** Folders of pieces of tomograms on which these programs train. */
export const PIECES = /^(?:subtomos?|subtomograms?|fitting_subtomos|val_subtomos|train(?:ing)?_?data)$/i;
