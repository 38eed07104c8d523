import { COMMON, stemOf, wordsOf } from "./run-names.js";

/** What programs and people add to the name of a specimen when they make something of it. */
const MADE =
  "rec|recs|recon|recons|reconstructions?|full|vol|volume|tomo|tomos|tomogram|tomograms|ali|aligned|preali|st|stack|stacks|ts|evn|even|odd|half_?[12ab]?|" +
  "denoised?|dn|deconv|deconvolved|dctf|3?dctf|ctf|ctfcorr|corr|corrected|isonet|cryocare|topaz|ddw|n2n|filt|filtered|lp\\d+|hp\\d+|" +
  "sirt\\d*|sirt_?like\\d*|wbp|bp|bp_?3d|sart\\d*|flip|flipped|flipyz|clip|clipped|trim|trimmed|crop|cropped|norm|normali[sz]ed|inv|inverted|rot|rotated|" +
  "rotx|xf|v\\d+|final|new|old|orig|int8|int16|uint8|float16|float32|copy|kopie|2nd|bin|bin_?\\d+|b\\d+|\\d+(?:\\.\\d+)?_?a(?:px|ng(?:str(?:oe|o)ms?)?)|dw|mc|mc2|sum|avg";
const AT_END = new RegExp(`(?:[_.\\- ]+(?:${MADE})|[_.\\- ]*\\(\\d+\\)|[_.\\- ]+)$`, "i");
const AT_BEGIN = new RegExp(`^(?:(?:${MADE.replace("|ts|", "|").replace("tomo|tomos|tomogram|tomograms|", "")})[_.\\- ]+)`, "i");
/** `_10.00A`; a small letter is that of an axis. */
const ANGSTROM_AT_END = /[_.\- ]+\d+(?:\.\d+)?_?A$/;
/** A name of nothing: what folders and files are called for what they hold. */
const NOTHING = new RegExp(`^(?:${MADE}|raw|data|image|volume|movie|frame|output|result|test|[a-z]{1,2}|map|mask|seg)$`, "i");

/**
 * What a file is of, as its name says it when the words for what was made are taken away: `TS_01` of `TS_01_rec_bin4 (1).mrc`. A name of which
 * nothing is left is that of its folder: `TS_01/rec.mrc`.
 */
export function specimenOf(path: string): string {
  const parts = path.replace(/\/$/, "").split("/");
  const own = bare(stemOf(parts.at(-1)!));
  if (isName(own)) return own;
  for (let at = parts.length - 2; at >= 0; at--) {
    const folder = bare(parts[at]!);
    if (isName(folder)) return folder;
  }
  return own === "" ? stemOf(parts.at(-1)!) : own;
}

function bare(name: string): string {
  let text = name;
  for (;;) {
    const less = text.replace(AT_END, "").replace(ANGSTROM_AT_END, "").replace(AT_BEGIN, "");
    if (less === text || less === "") return text;
    text = less;
  }
}

const isName = (text: string): boolean =>
  text !== "" &&
  !NOTHING.test(text) &&
  !COMMON.test(text) &&
  !/^(?:tilt|voxel|series|tilt[_ ]?series|voxel_?spacing)[\d.]*$/i.test(text);

/** Whether one of the words of a name counts: `TS_01`, `phage K7`, `chlamy_034b`. Files that are called otherwise are of anything. */
export const isCounted = (name: string): boolean =>
  wordsOf(name).some(({ start, end }) => /\d[a-z]?$/i.test(name.slice(start, end)));

/** `TS_0012` → `TS_#`. */
const shapeOf = (name: string): string => name.replace(/\d+/g, "#");

/** Whether names of runs hold several specimens that are called alike: `chlamy` of `chlamy_021` and `chlamy_034`. */
export function mixesSpecimens(find: (path: string) => string | undefined, paths: readonly string[]): boolean {
  const byRun = new Map<string, Map<string, string>>();
  for (const path of paths) {
    const run = find(path);
    if (run === undefined) continue;
    const specimen = specimenOf(path);
    // what only counts within the run is no specimen
    if (!specimen.includes(run) || specimen === run) continue;
    const known = byRun.get(run) ?? new Map<string, string>();
    byRun.set(run, known);
    const shape = shapeOf(specimen);
    const other = known.get(shape);
    if (other !== undefined && other !== specimen) return true;
    known.set(shape, specimen);
  }
  return false;
}
