import { groupsOf } from "../../../../../core/groups.js";
import { isAdded } from "../../conventions/specimens.js";
import { COMMON, looseName, tightName, wordsOf } from "../../run-names.js";
import { baseName, isDrive } from "./paths.js";

/** What folders are called for the programs that worked in them, and for what was done there: they name no project and no person. */
const OF_WORK =
  /^(?:imod|etomo|batchruntomo|aretomo\d?|at\d|live|warp|warptools|relion\d?|dynamo|peet|eman2?|emclarity|stopgap|tomoman|protomo|appion|leginon|tomo3d|pytom|pytme|tomotwin|ddw|deepdewedge|pyseg|av3|cryoboost|nextpyp|pyp|isonet\d?|cryocare|membrain|tardis|amira|avizo|dragonfly|chimerax|napari|artiax|serialem|tomo5|tomography|motioncorr?\d?|mc\d?|align(?:ment)?s?\d*|reconstructed|recons?|wbp|sirt|sart|process(?:ing|ed)?|analysis|work|projects?|sessions?|acquisition|microscope|krios|glacios|tilt|series|tiltseries|stacks?|sorted|odd|even|halves|warp_?tiltseries|warp_?frameseries|star|lists?|tlts?|rawtlts?|angles?|subtomo(?:gram)?s?|particles?|picking|averag(?:e|es|ing)|templates?|matching|paper|thesis|figures?|upload|deposit(?:ion)?|deposited|public|publication|submission|emdb|emd|empiar|onedep|zenodo|figshare|dryad|shared?|all|cleaned?|good|best|selected|done|todo|backup|bak|bad|tmp|temp|test|voxel(?:spacing)?\d*|spacing|angstrom|half|full|size|not|with|and|of|for|from|the|by|in|to|low|high|fine|coarse|small|large|big|little|thick|thin|old|new|unbinned|original|res|dose|weighted|weight|filter|correction|missing|wedge|corrected|copy|files?|images?|3dimages?|mrcs?|run\d*|try\d*|version\d*|part\d*|first|second|third|one|two|job\d*|external|tomograms?\d*|reconstruct\w*|denois\w*|segment\w*|deconv\w*|[a-z]{1,2}|\d{1,5}|\d+(?:\.\d+)?_?a(?:ng\w*|px)?)$/i;

/**
 * What names a person, a project or a session in the name of a folder: `anna` of `anna_bin4`, `2024-03-12`; empty for `aretomo_bin4`, and for the folder of
 * a series.
 */
export function siteName(folder: string, series: string): string {
  if (COMMON.test(folder) || tightName(folder).includes(series)) return "";
  if (isDrive(folder)) return folder.toLowerCase();
  const words = wordsOf(folder).map(({ start, end }) => folder.slice(start, end));
  return words
    .filter((word) => !OF_WORK.test(word) && !isAdded(word) && !COMMON.test(word))
    .join(" ")
    .toLowerCase();
}

/** Two letters that no program uses: `wt` beside `dko` is the name of a sample, while `ts` beside it would be tilt series. */
const isShortName = (folder: string): boolean =>
  /^[a-z]{2}$/i.test(folder) && !/^(?:ts|st|tm|mc|ps|em|xf|pc|gt|td|sa|of|in|to|by|up|id|no)$/i.test(folder);

/** The name of a site with the number behind it: `bi31234 5` of `bi31234-5`, a visit; undefined for a folder without one. */
function numberedSite(folder: string, name: string): string | undefined {
  const words = wordsOf(folder).map(({ start, end }) => folder.slice(start, end));
  const at = words.findIndex((word) => word.toLowerCase() === name.split(" ").at(-1));
  const number = at < 0 ? undefined : words[at + 1];
  return number !== undefined && /^\d{1,5}$/.test(number) ? `${name} ${number}` : undefined;
}

/** `2019_batch` and `2023_krios` are of different sessions. */
const YEAR = /^((?:19|20)\d{2})(?=[_\- .]|$)/;

/** Names of sites; where folders beside each other differ by a number alone, with that: visits, grids and days are counted so. */
function siteNames(
  folders: readonly string[],
  nameOf: (folder: string) => string,
  known: ReadonlySet<string>,
): Map<string, string> {
  const named = groupsOf(folders, nameOf);
  const years = new Set(folders.flatMap((folder) => YEAR.exec(folder)?.[1] ?? []));
  const isKnown = (name: string) => [...known].some((site) => site === name || site.endsWith(`/${name}`));
  const hasNamed = folders.some((folder) => nameOf(folder) !== "");
  return new Map(
    folders.map((folder) => {
      const name = nameOf(folder);
      const year = years.size > 1 ? YEAR.exec(folder)?.[1] : undefined;
      // with the words behind it: of one year there may be several
      if (year !== undefined) return [folder, `${name} ${year}`.trim()];
      const short = name === "" && isShortName(folder) ? folder.toLowerCase() : undefined;
      if (short !== undefined && (hasNamed || isKnown(short))) return [folder, short];
      const numbered = name === "" ? undefined : numberedSite(folder, name);
      if (numbered === undefined) return [folder, name];
      const beside = named.get(name)!.filter((other) => numberedSite(other, name) !== undefined);
      const isCounted = new Set(beside.map((other) => numberedSite(other, name))).size > 1;
      return [folder, isCounted || isKnown(numbered) ? numbered : name];
    }),
  );
}

/**
 * Whether a folder is that of one protocol of a Scipion project, `Runs/000301_ProtImodTomoReconstruction`: a step of the work on the same series as the
 * others, by the number that counts the protocols of a project and the name of a class of Python.
 *
 * Source: getProtWorkingDir in pyworkflow/project/project.py of https://github.com/scipion-em/scipion-pyworkflow
 */
const isOfScipion = (parent: string, folder: string): boolean => parent === "Runs" && /^\d{6}_[A-Za-z]\w*$/.test(folder);

/**
 * Whether a folder is that of one block of a nextPYP project, `tomo-preprocessing-fqK2vY1xGJ9aCwYn`: a step of the work, by the kind of the block and an id of
 * letters and digits in both cases.
 */
const isOfNextpyp = (folder: string): boolean => /^tomo-[a-z-]+-(?=[a-z\d]*[A-Z])(?=[A-Z\d]*[a-z])[A-Za-z\d]{16}$/.test(folder);

/** Of a person, a project or a session. */
export interface Site {
  /**
   * The same for folders of which words for what was done there are put behind the name, or before it as a folder: `anna_bin4` and `anna_denoised`,
   * `frames/grid2` and `tomograms/grid2`.
   */
  readonly name: string;
  readonly folder: string;
  /** The folder without those around it that are called after what was done there: `grid2` of `tomograms/grid2`. */
  readonly called: string;
}

/**
 * Finds the site of a path: where folders beside each other are called as those of people, projects or sessions are, and several of them hold files of one
 * series, each of them is one. Undefined for what lies elsewhere.
 *
 * @param folders of the files that tell a series
 * @param series its name, as `tightName` has it
 */
export function sitesOf(folders: Iterable<string>, series: string): (path: string) => Site | undefined {
  const all = [...new Set(folders)].map((folder) => (folder === "" ? [] : folder.split("/")));
  const split = sitesIn(all, series, new Set());
  // a person who has two folders in one place has the only one of that name in another
  const sites = sitesIn(all, series, new Set(split.map(({ name }) => name)));
  if (sites.length === 0) return () => undefined;
  const inSession = sessionsOf(sites);
  const called = calledLike(
    sites.filter((site) => inSession(site) === site),
    series,
  );
  return (path) => {
    const own = sites.find(({ folder }) => path.startsWith(`${folder}/`));
    return own === undefined ? called(path) : inSession(own);
  };
}

const isDay = (word: string): boolean => /^\d[\d-]{5,}$/.test(word);

/** What the folder of a session is called without its day, where it has one: `grida` of `facility/20250611 grida`. */
function withoutDay({ name }: Site): string | undefined {
  const words = name.slice(name.lastIndexOf("/") + 1).split(" ");
  const rest = words.filter((word) => !isDay(word));
  return rest.length === 0 || rest.length === words.length ? undefined : rest.join(" ");
}

/** The only session of such a name without its day. */
function sessionFinder(sites: readonly Site[]): (name: string) => Site | undefined {
  const byName = groupsOf(sites, (site) => withoutDay(site) ?? "");
  return (name) => {
    const some = name === "" ? [] : (byName.get(name) ?? []);
    return new Set(some.map((site) => site.name)).size === 1 ? some[0] : undefined;
  };
}

/** A facility puts the day before the name of a session; what is done at home with it is called after the name alone, `relion5_gridA` of `20250611_gridA`. */
function sessionsOf(sites: readonly Site[]): (site: Site) => Site {
  const sessionOf = sessionFinder(sites);
  return (site) => sessionOf(site.name) ?? site;
}

/**
 * Finds the site that a file elsewhere is called after: by its name, `wt_TS_01_labels.mrc`, else by one of the folders around it, `picks/wt` or `segmented_wt`.
 * Undefined where it is none, or several.
 */
function calledLike(sites: readonly Site[], series: string): (path: string) => Site | undefined {
  const distinct = [...new Map(sites.map((site) => [site.name, site])).values()];
  const sessionOf = sessionFinder(distinct);
  const known = distinct.flatMap((site) => {
    const brief = withoutDay(site);
    const names = brief !== undefined && sessionOf(brief) === site ? [site.called, brief] : [site.called];
    return names.map(lowerWords).map((words) => ({ site, words, begin: `${words.join("_")}_` }));
  });
  const only = (found: readonly Site[]) => (new Set(found).size === 1 ? found[0] : undefined);
  const inPart = (part: string): readonly Site[] => {
    const all = wordsOf(part);
    const rests = all.map(({ start }) => looseName(part.slice(start)));
    const isBefore = (begin: string) =>
      rests.some((rest) => rest.startsWith(begin) && tightName(rest.slice(begin.length)).startsWith(series));
    return known.filter(({ begin }) => isBefore(begin)).map(({ site }) => site);
  };
  // `wt_vs_dko` is of none of both
  const others = new Set(known.flatMap(({ words }) => words));
  const inFolders = new Map<string, Site | undefined>();
  const ofFolder = (folder: string): Site | undefined => {
    if (inFolders.has(folder)) return inFolders.get(folder);
    const parts = folder.split("/").map(lowerWords);
    const isCalled = (own: readonly string[]) => [...parts, parts.flat()].some((words) => isSame(words, own, others));
    const found = only(known.filter(({ words }) => isCalled(words)).map(({ site }) => site));
    inFolders.set(folder, found);
    return found;
  };
  return (path) => only(path.split("/").flatMap(inPart)) ?? ofFolder(path.slice(0, path.lastIndexOf("/")));
}

/** Whether the words of a folder are those of a site, in their order, and the rest is for what was done there. */
function isSame(words: readonly string[], site: readonly string[], others: ReadonlySet<string>): boolean {
  const at = words.findIndex((_, from) => site.every((word, n) => words[from + n] === word));
  const rest = words.filter((_, n) => n < at || n >= at + site.length);
  return at >= 0 && rest.every((word) => !others.has(word) && (OF_WORK.test(word) || isAdded(word) || COMMON.test(word)));
}

const lowerWords = (text: string): string[] => wordsOf(text).map(({ start, end }) => text.slice(start, end).toLowerCase());

interface Around {
  readonly folder: string;
  readonly name: string;
  readonly called: string;
}

const TOP: Around = { folder: "", name: "", called: "" };

/** Names with a number of the folders below a site that hold files of the series: a person's `May22` and `Jan23`, `grid1` and `grid2`, are sites of their own. */
function countedFolders(below: readonly (readonly string[])[], series: string): ReadonlySet<string> {
  const names = below.flatMap(([folder]) => (folder === undefined ? [] : [siteName(folder, series)]));
  return names.every((name) => /\d/.test(name)) ? new Set(names) : new Set();
}

/** @param known names of sites that are sites wherever they stand */
function sitesIn(all: readonly (readonly string[])[], series: string, known: ReadonlySet<string>): Site[] {
  const sites: Site[] = [];
  const search = (around: Around, parts: readonly (readonly string[])[]) => {
    const byName = groupsOf(
      parts.filter(([first]) => first !== undefined),
      ([first]) => first!,
    );
    const parent = baseName(around.folder.replace(/\/$/, ""));
    const nameOf = (name: string) => (isOfScipion(parent, name) || isOfNextpyp(name) ? "" : siteName(name, series));
    const names = siteNames([...byName.keys()], nameOf, known);
    const isSplit = new Set([...names.values()].flatMap((own) => (own === "" ? [] : [own]))).size > 1;
    for (const [folder, own] of names) {
      const inside: Around = {
        folder: `${around.folder}${folder}`,
        name: own === "" ? around.name : `${around.name}${own}`,
        called: own === "" ? around.called : `${around.called}${folder}`,
      };
      const below = byName.get(folder)!.map(([, ...rest]) => rest);
      const within = { folder: `${inside.folder}/`, name: slashed(inside.name), called: slashed(inside.called) };
      const isSite = own !== "" && (isSplit || known.has(inside.name)) && countedFolders(below, series).size < 2;
      if (isSite) sites.push(inside);
      else search(within, below);
    }
  };
  search(TOP, all);
  return sites;
}

const slashed = (text: string): string => (text === "" || text.endsWith("/") ? text : `${text}/`);
