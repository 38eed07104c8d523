import { few } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, PointsReading, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { type NumberedList, numberedLists } from "../common/numbered-lists.js";
import { baseName, folderOf, type TailFinder, tailFinder } from "../common/paths.js";
import { type StarHead, starHead } from "./star-head.js";

/**
 * STOPGAP: motive lists, of which that of the last iteration counts, with the numbers of their tomograms in `tomolist.txt`. What else lies in its folders
 * is of particles.
 *
 * Source: stopgap_initialize_folder.sh and sg_extract_make_tomolist.m in https://github.com/wan-lab-vanderbilt/STOPGAP
 */
export const stopgap: Recogniser = {
  id: "stopgap",
  software: "STOPGAP",
  async recognise(laboratory) {
    const stars = laboratory.files.filter(({ path, format }) => /\.star$/i.test(path) && format === "text");
    const heads = await mapLimit(stars.slice(0, STARS_MAX), READS_IN_FLIGHT, async ({ path }) => ({
      path,
      ...(await starHead(laboratory, path)),
    }));
    const lists = heads.filter(({ name }) => name === "stopgap_motivelist");
    if (lists.length === 0) return undefined;
    const finder = tailFinder(laboratory.files.map(({ path }) => path));
    const wedges = heads.filter(({ name }) => name === "stopgap_wedgelist");
    const numbers = (await numberedLists(laboratory)).map((list) => numbersIn(laboratory, list, { finder, wedges }));
    const claims: Claim[] = [];
    const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
    const unlisted: string[] = [];
    const unclear = new Set<string>();
    for (const group of groupsOf(lists, ({ path }) => path.replace(ITERATION, "")).values()) {
      const sorted = group.sort((a, b) => iterationOf(b.path) - iterationOf(a.path));
      for (const { path } of sorted.slice(1)) leave(path, "of an earlier iteration");
      const { path, tomograms } = sorted[0]!;
      const list = numbersOf(path, tomograms, numbers);
      const several = numbers.filter((one) => [...tomograms].some((number) => one.several.has(number)));
      for (const one of several) unclear.add(severalNote(one));
      if (!list && several.length === 0) unlisted.push(`${path} (${few([...tomograms].map(String))})`);
      claims.push({
        path,
        role: "points",
        because: because(list),
        strength: "bookkeeping",
        details: { points: readingOf(list) },
      });
    }
    for (const { path, name } of heads)
      if (name?.startsWith("stopgap_") && name !== "stopgap_motivelist") leave(path, BOOKKEEPING);
    for (const { path } of numbers) leave(path, BOOKKEEPING);
    claimFolders(laboratory, new Set(lists.map(({ path }) => folderOf(folderOf(path)))), claims);
    const notes = [...unclear];
    if (stars.length > STARS_MAX)
      notes.push(`Of ${stars.length} STAR files the first ${STARS_MAX} were looked at for particles of STOPGAP.`);
    if (unlisted.length > 0)
      notes.push(
        `Nothing says which tomograms the numbers in tomo_num of ${few(unlisted)} mean: write tomolist.txt beside it, a number and the path of a tomogram in each line.`,
      );
    return { software: "STOPGAP", by: lists.slice(0, 3).map(({ path }) => path), claims, notes };
  },
};

const READS_IN_FLIGHT = 8;
const STARS_MAX = 5_000;
const BOOKKEEPING = "a project file of STOPGAP";
const ITERATION = /_\d+\.star$/i;
const iterationOf = (path: string): number => Number(/_(\d+)\.star$/i.exec(path)?.[1] ?? 0);

/** Which number means which tomogram. */
interface Numbers {
  readonly path: string;
  readonly files: ReadonlyMap<string, string>;
  /** Files of the name that a number has, where nothing tells which of them it means. */
  readonly several: ReadonlyMap<string, readonly string[]>;
}

/**
 * Names of tomograms are the same at every binning, and the folder of that one which particles are cut out of is in no list: it is told by its size, which a
 * list of wedges has.
 */
function numbersIn(
  laboratory: Laboratory,
  { path, named }: NumberedList,
  { finder, wedges }: { readonly finder: TailFinder; readonly wedges: readonly (StarHead & { readonly path: string })[] },
): Numbers {
  const isVolume = (one: string) => laboratory.get(one)!.volume !== undefined;
  const files = new Map<string, string>();
  const several = new Map<string, readonly string[]>();
  const beside = wedges.filter((list) => folderOf(list.path) === folderOf(path));
  const sizes = beside.length === 1 ? beside[0]!.sizes : wedges.length === 1 ? wedges[0]!.sizes : undefined;
  for (const [number, name] of named) {
    const found = finder.find(name, folderOf(path), isVolume);
    const called = finder.named(baseName(name.replaceAll("\\", "/"))).filter(isVolume);
    const sized = called.filter((one) => laboratory.get(one)!.volume!.shape.join(" ") === sizes?.get(number));
    const file = found ?? (sized.length === 1 ? sized[0] : undefined);
    if (file !== undefined) files.set(number, file);
    else if (called.length > 1) several.set(number, called);
  }
  return { path, files, several };
}

function severalNote({ path, several }: Numbers): string {
  const [number, files] = [...several][0]!;
  const more = several.size === 1 ? "" : ` (and ${counted(several.size - 1, "more number")} likewise)`;
  return `${path} names tomogram ${number} without its folder, and several files are called so: ${few(files)}${more}. Write the folder before the names, as in ${files[0]}.`;
}

/** The list beside the motive list, else the only one that knows all of its tomograms. */
function numbersOf(path: string, tomograms: ReadonlySet<string>, lists: readonly Numbers[]): Numbers | undefined {
  const knows = lists.filter(({ files }) => [...tomograms].some((number) => files.has(number)));
  const beside = knows.filter((list) => folderOf(list.path) === folderOf(path));
  const best = beside.length > 0 ? beside : knows;
  return best.length === 1 ? best[0] : undefined;
}

const because = (list: Numbers | undefined): string =>
  list ? `${baseName(list.path)} names the tomograms of its tomo_num` : "its columns are those of STOPGAP";

/** MATLAB counts voxels of the tomogram from 1. */
function readingOf(list: Numbers | undefined): PointsReading {
  const reading = { format: "stopgap_star", shape: "OrientedPoint", rowName: "tomo_num" } as const;
  if (!list) return reading;
  return { ...reading, unit: "voxels", rowValues: Object.fromEntries([...list.files].map(([number, file]) => [file, number])) };
}

/** Folders of particles. `raw` and `temp` are of parallel jobs. */
const FOLDERS: Readonly<Record<string, string>> = {
  ref: "an average of particles, or half of one",
  masks: "a mask around particles, or of the matching",
  subtomograms: "a cut-out particle",
  tmpl: "a template of the matching",
  maps: "scores or angles of the matching, for each voxel",
  fsc: BOOKKEEPING,
  meta: BOOKKEEPING,
  params: BOOKKEEPING,
  comm: BOOKKEEPING,
  temp: BOOKKEEPING,
  raw: BOOKKEEPING,
};

/** Source: `scoremap_name` and `anglemap_name` of STOPGAP's and GAPSTOP's parameters, with the number of the tomogram behind it */
const isOfMatching = (path: string): boolean => /(?:^|\/)(?:scores?|angles?|noise)(?:map)?_[^/]*\.(?:em|mrc)$/i.test(path);

/** @param projects folders with a `lists` of motive lists; matching is done in those beside them */
function claimFolders(laboratory: Laboratory, projects: ReadonlySet<string>, claims: Claim[]): void {
  const told = new Set(claims.map(({ path }) => path));
  const around = new Set([...projects].map(folderOf));
  for (const folder of laboratory.folders()) {
    const project = folderOf(folder);
    const reason = FOLDERS[baseName(folder)];
    const isBeside = around.has(folderOf(project)) && project !== "" && reason === FOLDERS.maps;
    // the program of the folder beside may be another one, such as I3, whose maps are tomograms
    const isOwn = projects.has(project) || (isBeside && laboratory.inFolder(folder).some(({ path }) => isOfMatching(path)));
    if (reason === undefined || !isOwn) continue;
    for (const { path } of laboratory.inFolder(folder))
      if (!told.has(path)) claims.push({ path, role: "left out", because: reason, strength: "bookkeeping" });
  }
}
