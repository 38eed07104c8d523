import { COMMON, stemOf, withoutNumbers, wordsOf } from "../run-names.js";

/** What programs and people add before or behind the name of a specimen when they make something of it. */
const ADDED = [
  ...[
    "recs?",
    "recon(?:s|structions?)?",
    "full",
    "vol(?:ume)?",
    "ali(?:gned)?",
    "preali",
    "st",
    "stacks?",
    "evn",
    "even",
    "odd",
    "half_?[12ab]?",
  ],
  ...[
    "denoised?",
    "dn",
    "deconv(?:olved)?",
    "3?dctf",
    "ctf(?:corr)?",
    "corr(?:ected)?",
    "isonet",
    "cryocare",
    "topaz",
    "ddw",
    "n2n",
  ],
  ...[
    "filt(?:ered)?",
    "dose(?:[_-]?(?:filt(?:ered)?|weight(?:ed)?))?",
    "[lh]p\\d+",
    "sirt(?:_?like)?\\d*",
    "wbp",
    "bp(?:_?3d)?",
    "sart\\d*",
    "(?:nad|eed)(?:_?k\\d+)?(?:_?[in]\\d+)?",
    "flip(?:ped|yz|_?[xyz])?",
    "mirror(?:ed)?(?:_?[xyz])?",
    "(?:other|wrong|left|inv(?:erted)?)_?hand",
    "clip(?:ped)?",
    "trim(?:med)?",
  ],
  ...[
    "crop(?:ped)?",
    "norm(?:ali[sz]ed)?",
    "inv(?:erted)?",
    "rot(?:ated|x)?",
    "xf",
    "v\\d+",
    "(?:final|new|neu|old|alt)\\d*",
    "orig",
    "copy",
    "kopie",
    "2nd",
  ],
  ...[
    "u?int(?:8|16)",
    "(?:8|16|32)_?bit",
    "float(?:16|32)",
    "bytes?",
    // RAPTOR: of how many images how many it has dropped
    "part\\d{2,3}_\\d{1,2}",
    "bin(?:_?\\d+)?",
    "b\\d+",
    "\\d+(?:\\.\\d+)?_?a(?:px|ng(?:str(?:oe|o)ms?)?)",
    "dw",
    "mc2?",
    "sum",
    "avg",
  ],
].join("|");
/** Names of specimens begin with these: `TS_01`, `tomo_12`. */
const KINDS = "ts|tomo(?:s|grams?)?";
const AT_END = new RegExp(`(?:[_.\\- ]+(?:${ADDED}|${KINDS})|[_.\\- ]*\\(\\d+\\)|[_.\\- ]+)$`, "i");
const AT_BEGIN = new RegExp(`^(?:${ADDED})[_.\\- ]+`, "i");
const ADDED_WORD = new RegExp(`^(?:${ADDED})$`, "i");

/** Whether a word is one for what was made of a specimen: `bin4`, `denoised`. */
export const isAdded = (word: string): boolean => ADDED_WORD.test(word);

/** `_10.00A`; a small letter is that of an axis. */
const ANGSTROM_AT_END = /[_.\- ]+\d+(?:\.\d+)?_?A$/;
/** A name of nothing: what folders and files are called for what they hold. */
const NOTHING = new RegExp(
  `^(?:${ADDED}|${KINDS}|raw|data|image|volume|movie|frame|output|result|test|[a-z]{1,2}|map|mask|seg)$`,
  "i",
);

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

/** Whether one of the names is another one with a word for what was made of it: `cell_01_final` beside `cell_01`. */
export function splitsSpecimens(names: readonly string[]): boolean {
  const known = new Set(names);
  return names.some((name) => isCounted(name) && specimenOf(name) !== name && known.has(specimenOf(name)));
}

/** Whether names of runs hold several specimens that are called alike: `chlamy` of `chlamy_021` and `chlamy_034`. */
export function mixesSpecimens(find: (path: string) => string | undefined, paths: readonly string[]): boolean {
  const byRun = new Map<string, Map<string, string>>();
  for (const path of paths) {
    const run = find(path);
    if (run === undefined) continue;
    const specimen = specimenOf(path);
    // what only counts within the run is no specimen; a folder that does not count itself is a person's or a project's, and holds several
    if (specimen === run || (isCounted(run) && !specimen.includes(run))) continue;
    const known = byRun.get(run) ?? new Map<string, string>();
    byRun.set(run, known);
    const shape = withoutNumbers(specimen);
    const other = known.get(shape);
    if (other !== undefined && other !== specimen) return true;
    known.set(shape, specimen);
  }
  return false;
}
