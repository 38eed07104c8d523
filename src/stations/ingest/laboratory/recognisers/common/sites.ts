import { groupsOf } from "../../../../../core/groups.js";
import { isAdded } from "../../conventions/specimens.js";
import { COMMON, tightName, wordsOf } from "../../run-names.js";

/** What folders are called for the programs that worked in them, and for what was done there: they name no project and no person. */
const OF_WORK =
  /^(?:imod|etomo|batchruntomo|aretomo\d?|warp|warptools|relion\d?|dynamo|peet|eman2?|emclarity|stopgap|tomoman|isonet\d?|cryocare|membrain|tardis|serialem|tomo5|tomography|motioncorr?\d?|mc\d?|align(?:ment)?s?|reconstructed|process(?:ing|ed)?|analysis|work|projects?|sessions?|acquisition|microscope|krios|glacios|tilt|series|tiltseries|stacks?|sorted|odd|even|halves|warp_?tiltseries|warp_?frameseries|star|lists?|tlts?|rawtlts?|angles?|subtomo(?:gram)?s?|particles?|averag(?:e|es|ing)|templates?|matching|paper|thesis|figures?|upload|deposit(?:ion)?|deposited|public|publication|submission|shared?|all|cleaned?|good|best|selected|done|todo|backup|bak|bad|tmp|temp|test|voxel(?:spacing)?\d*|spacing|angstrom|half|full|size|with|and|of|for|from|the|by|in|to|low|high|fine|coarse|small|large|big|little|thick|thin|old|new|unbinned|original|res|dose|weighted|weight|filter|correction|missing|wedge|corrected|copy|files?|images?|mrcs?|run\d*|try\d*|version\d*|part\d*|first|second|third|one|two|job\d*|external|tomograms?\d*|reconstruct\w*|denois\w*|segment\w*|deconv\w*|[a-z]{1,2}|\d{1,5}|\d+(?:\.\d+)?_?a(?:ng\w*|px)?)$/i;

/**
 * What names a person, a project or a session in the name of a folder: `anna` of `anna_bin4`, `2024-03-12`; empty for `aretomo_bin4`, and for the folder of
 * a series.
 */
export function siteName(folder: string, series: string): string {
  if (COMMON.test(folder) || tightName(folder).includes(series)) return "";
  const words = wordsOf(folder).map(({ start, end }) => folder.slice(start, end));
  return words
    .filter((word) => !OF_WORK.test(word) && !isAdded(word) && !COMMON.test(word))
    .join(" ")
    .toLowerCase();
}

/** Of a person, a project or a session. */
export interface Site {
  /** The same for folders of which words for what was done there are put behind the name: `anna_bin4` and `anna_denoised`. */
  readonly name: string;
  readonly folder: string;
}

/**
 * Finds the site of a path: where folders beside each other are called as those of people, projects or sessions are, and several of them hold files of one
 * series, each of them is one. Undefined for what lies elsewhere.
 *
 * @param folders of the files that tell a series
 * @param series its name, as `tightName` has it
 */
export function sitesOf(folders: Iterable<string>, series: string): (path: string) => Site | undefined {
  const sites: Site[] = [];
  const search = (below: string, parts: readonly (readonly string[])[]) => {
    const byName = groupsOf(
      parts.filter(([first]) => first !== undefined),
      ([first]) => first!,
    );
    const called = [...byName.keys()].map((name) => [name, siteName(name, series)] as const);
    const isSplit = new Set(called.flatMap(([, own]) => (own === "" ? [] : [own]))).size > 1;
    for (const [name, own] of called) {
      if (isSplit && own !== "") sites.push({ name: `${below}${own}`, folder: `${below}${name}` });
      else
        search(
          `${below}${name}/`,
          byName.get(name)!.map(([, ...rest]) => rest),
        );
    }
  };
  search(
    "",
    [...new Set(folders)].map((folder) => (folder === "" ? [] : folder.split("/"))),
  );
  return (path) => sites.find(({ folder }) => path.startsWith(`${folder}/`));
}
