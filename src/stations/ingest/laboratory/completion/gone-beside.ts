import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { stemOf } from "../recognisers/common/names.js";
import { folderOf, sharedDepth } from "../recognisers/common/paths.js";
import { looseName, runsCalled, wordsOf } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

const VOLUME = /\.(?:mrc|rec|map|st)$/i;
const OF_TOMOGRAMS: readonly Decision["role"][] = ["points", "table", "mask", "mesh"];

/** Whether only its name tells of which run a file is. */
function isOfRunByName({ role, run, strength }: Decision): boolean {
  return OF_TOMOGRAMS.includes(role) && run !== undefined && strength !== "person" && strength !== "bookkeeping";
}

const filesOfRuns = (files: ReadonlyMap<string, Decision>) =>
  groupsOf(
    [...files.values()].filter(({ role, run }) => run !== undefined && (role === "tomogram" || role === "tilt series")),
    ({ run }) => run!,
  );

/**
 * Two folders in which files of one name are of different runs name their series alike: what is in one of them only by its name of a run that the other has
 * is left out, since the series that it was made on may be gone.
 */
export function leaveThoseOfNamesakes(files: Map<string, Decision>): void {
  const ofRun = filesOfRuns(files);
  const apart = foldersApart(ofRun);
  if (apart.size === 0) return;
  for (const file of [...files.values()]) {
    if (!isOfRunByName(file)) continue;
    const { path, run } = file;
    const own = ofRun.get(run!) ?? [];
    const folders = [...apart.keys()].filter((folder) => path.startsWith(`${folder}/`));
    for (const folder of folders) {
      if (own.length === 0 || own.some((one) => one.path.startsWith(`${folder}/`))) continue;
      const other = [...apart.get(folder)!].find((namesake) => own.some((one) => one.path.startsWith(`${namesake}/`)));
      if (other === undefined || isCalledAfterOwn(path.slice(folder.length), run!, runsIn(ofRun, folder))) continue;
      const because = `${folder} and ${other} have different series of one name, and of ${run} nothing is in ${folder}`;
      files.set(path, { ...file, role: "left out", because, details: {} });
    }
  }
}

const runsIn = (ofRun: ReadonlyMap<string, readonly Decision[]>, folder: string): string[] =>
  [...ofRun].flatMap(([run, own]) => (own.some(({ path }) => path.startsWith(`${folder}/`)) ? [run] : []));

/** A number, or a letter or two, that names of runs have for other reasons as well tells no session. */
const TELLING_WORD = /^(?=.*\p{L}).{3,}$/u;

/** Whether a path has a word of the name of its run that no other of these runs has: `gridB_TS_01/receptors.csv` is called after more than a series. */
function isCalledAfterOwn(path: string, run: string, others: readonly string[]): boolean {
  const wordsIn = (text: string) => wordsOf(text).map(({ start, end }) => text.slice(start, end).toLowerCase());
  const ofOthers = new Set(others.flatMap(wordsIn));
  const inPath = new Set(wordsIn(path));
  return wordsIn(run).some((word) => TELLING_WORD.test(word) && inPath.has(word) && !ofOthers.has(word));
}

/** Each folder with those in which a series of the same name is another one: the outermost folders in which the two do not lie together. */
function foldersApart(ofRun: ReadonlyMap<string, readonly Decision[]>): Map<string, Set<string>> {
  const apart = new Map<string, Set<string>>();
  const tell = (folder: string, other: string) => apart.set(folder, (apart.get(folder) ?? new Set()).add(other));
  const called = runsCalled([...ofRun.values()].flat());
  for (const [run, own] of ofRun)
    for (const { start } of wordsOf(run)) {
      // runs of one name are called `day1_TS_01` and `day2_TS_01`, and their files are not
      const name = run.slice(start);
      const alike = called(name).filter((one) => one.endsWith(name));
      if (!alike.includes(run)) continue;
      for (const one of own)
        for (const other of alike.flatMap((namesake) => (namesake === run ? [] : ofRun.get(namesake)!))) {
          const depth = sharedDepth(one.path, other.path);
          const [a, b] = [one, other].map(({ path }) =>
            folderOf(path)
              .split("/")
              .slice(0, depth + 1)
              .join("/"),
          );
          if (a !== b && a !== "" && b !== "") tell(a!, b!);
        }
    }
  return apart;
}

/**
 * Lists, masks and meshes that are of a run by its name alone, and lie nearer to an empty volume of that name than to any tomogram or series of the run: of two
 * specimens with series of one name they are of the one whose tomogram was lost.
 */
export function leaveThoseOfGone(files: Map<string, Decision>, laboratory: Laboratory): void {
  const empty = laboratory.files.filter(({ path, size }) => size === 0 && VOLUME.test(path));
  if (empty.length === 0) return;
  const byName = groupsOf(empty, ({ path }) => looseName(stemOf(path)));
  const ofRun = filesOfRuns(files);
  for (const file of [...files.values()]) {
    if (!isOfRunByName(file)) continue;
    const { path, run } = file;
    const own = Math.max(-1, ...(ofRun.get(run!) ?? []).map((one) => sharedDepth(path, one.path)));
    const gone = (byName.get(looseName(run!)) ?? []).find((one) => sharedDepth(path, one.path) > own);
    if (own < 0 || gone === undefined) continue;
    const because = `${gone.path}, the nearest volume that is called so, is an empty file`;
    files.set(path, { ...file, role: "left out", because, details: {} });
  }
}
