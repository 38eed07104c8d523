import { few } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, PointsReading, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, type TailFinder, tailFinder } from "../common/paths.js";
import { starHead } from "./star-head.js";

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
    const numbers = await tomolists(laboratory, finder);
    const claims: Claim[] = [];
    const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
    const unlisted: string[] = [];
    for (const group of groupsOf(lists, ({ path }) => path.replace(ITERATION, "")).values()) {
      const sorted = group.sort((a, b) => iterationOf(b.path) - iterationOf(a.path));
      for (const { path } of sorted.slice(1)) leave(path, "of an earlier iteration");
      const { path, tomograms } = sorted[0]!;
      const list = numbersOf(path, tomograms, numbers);
      if (!list) unlisted.push(`${path} (${few([...tomograms].map(String))})`);
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
    const notes: string[] = [];
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
const TEXT_BYTES_MAX = 1024 * 1024;
const BOOKKEEPING = "bookkeeping of STOPGAP";
const ITERATION = /_\d+\.star$/i;
const iterationOf = (path: string): number => Number(/_(\d+)\.star$/i.exec(path)?.[1] ?? 0);

/** Which number means which tomogram. */
interface Numbers {
  readonly path: string;
  readonly files: ReadonlyMap<string, string>;
}

async function tomolists(laboratory: Laboratory, finder: TailFinder): Promise<Numbers[]> {
  const texts = laboratory.files.filter(({ path, format }) => format === "text" && /tomo_?list[^/]*\.txt$/i.test(path));
  const all = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<Numbers | undefined> => {
    const lines = ((await laboratory.text(path, TEXT_BYTES_MAX)) ?? "").split(/\r?\n/).filter((line) => line.trim() !== "");
    const rows = lines.map((line) => /^\s*(\d+)\s+(\S.*?)\s*$/.exec(line));
    if (rows.length === 0 || rows.some((row) => row === null)) return undefined;
    const files = new Map(
      rows.flatMap((row): (readonly [string, string])[] => {
        const file = finder.find(row![2]!, folderOf(path), (one) => laboratory.get(one)!.volume !== undefined);
        return file === undefined ? [] : [[row![1]!, file]];
      }),
    );
    return { path, files };
  });
  return all.filter((one) => one !== undefined);
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

/** @param projects folders with a `lists` of motive lists; matching is done in those beside them */
function claimFolders(laboratory: Laboratory, projects: ReadonlySet<string>, claims: Claim[]): void {
  const told = new Set(claims.map(({ path }) => path));
  const around = new Set([...projects].map(folderOf));
  for (const folder of laboratory.folders()) {
    const project = folderOf(folder);
    const reason = FOLDERS[baseName(folder)];
    const isOwn = projects.has(project) || (around.has(folderOf(project)) && project !== "" && reason === FOLDERS.maps);
    if (reason === undefined || !isOwn) continue;
    for (const { path } of laboratory.inFolder(folder))
      if (!told.has(path)) claims.push({ path, role: "left out", because: reason, strength: "bookkeeping" });
  }
}
