import { groupsOf, keyOf } from "../../../../core/groups.js";
import { readMrcHeader } from "../../../../formats/mrc/header.js";
import { sectionTilts } from "../../../../formats/mrc/section-tilts.js";
import { readAcquisitions, readAngleLists } from "../acquisition.js";
import type { Claim, Recognised, Role } from "../claims.js";
import { tableOf } from "../points/point-files.js";
import { ALIGNED } from "../recognisers/common/names.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import { orReason } from "../recognisers/common/reading.js";
import { findRunNames, looseName, type NamedFile, runFinder, stemOf, withoutNumbers, wordsOf } from "../run-names.js";
import type { Laboratory, Surveyed } from "../survey/laboratory.js";
import { toldApart } from "./apart.js";
import { isOfPoints, type Seeming, seeming } from "./kinds.js";
import { isAdded, isCounted, mixesSpecimens, specimenOf, splitsSpecimens } from "./specimens.js";

/** Files whose run somebody has to know. */
const OF_RUNS: readonly Role[] = [
  "tomogram",
  "half map",
  "tilt series",
  "frame",
  "acquisition",
  "raw tilts",
  "alignment",
  "ctf",
  "points",
  "mask",
  "mesh",
];
/** Lists of tilts that are counted, so that stacks are known by the number of their sections. */
const COUNTED_MAX = 500;

/**
 * What is left when all that know a software have spoken: names and headers as most laboratories have them. Runs that somebody has named are found in
 * the names of files; where nobody has named any, the part of the names that most kinds of files share is taken.
 */
export async function conventions(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<Recognised> {
  const claims = recognised.flatMap(({ claims: own }) => own);
  const asked = recognised.flatMap(({ questions = [] }) => questions.flatMap(({ files }) => files));
  // of several claims on a file one that knows its run
  const claimed = new Map(
    [...claims].sort((a, b) => Number(a.run !== undefined) - Number(b.run !== undefined)).map((claim) => [claim.path, claim]),
  );
  const spoken = new Set([...claimed.keys(), ...asked]);
  const around = { tiltCounts: await tiltCounts(laboratory), has: (path: string) => laboratory.get(path) !== undefined };
  const angles = await angleTexts(laboratory, spoken);
  const isFrame = framesBeside(laboratory, claims);
  const seen = new Map<string, Seeming>();
  for (const file of laboratory.files) {
    if (spoken.has(file.path)) continue;
    const named = angles.get(file.path) ?? seeming(file, around) ?? (await listOfPoints(laboratory, file));
    const one = mayBeSeries(named, file) && (await hasSectionTilts(laboratory, file.path)) ? OF_TILTS : named;
    if (one) seen.set(file.path, one.role === "tilt series" && isFrame(file) ? FRAME : one);
  }
  const known = [
    ...new Set(claims.flatMap(({ run, runs, role }) => (role === "left out" ? [] : [run ?? [], runs ?? []].flat()))),
  ];
  const named = laboratory.files.flatMap(({ path }): NamedFile[] => {
    const role = claimed.get(path)?.role ?? seen.get(path)?.role;
    return role === undefined || role === "left out" ? [] : [{ path, kind: kindOf(path, role) }];
  });
  const find = namesOf(laboratory, known, named, claimed);
  const own = [...seen].map(([path, one]): Claim => {
    const run = OF_RUNS.includes(one.role) ? find(path) : undefined;
    return { path, run, ...one };
  });
  // files that somebody claims without a run; what another takes for something else of a run tells nothing of it, where the file that it was made of does
  const isKnown = new Set(claims.flatMap(({ path, role, run, runs }) => (run === undefined && !runs ? [] : keyOf(path, role))));
  const open = new Map(
    claims.flatMap((claim) => {
      const { path, role, sameRunAs } = claim;
      const isOpen = sameRunAs !== undefined || claimed.get(path)!.run === undefined;
      return isOpen && !isKnown.has(keyOf(path, role)) && OF_RUNS.includes(role) ? [[keyOf(path, role), claim] as const] : [];
    }),
  );
  for (const { path, role, sameRunAs, because, details } of open.values()) {
    // of a list whose rows name tomograms that bookkeeping knows, the name of a folder tells nothing
    if (details?.points?.rowValues !== undefined) continue;
    const found = sameRunAs === undefined ? find(path) : (claimed.get(sameRunAs)?.run ?? find(sameRunAs));
    if (found !== undefined) own.push({ path, role, run: found, because, strength: "name" });
  }
  return { software: "", by: [], claims: withoutSecondStacks(own, claimed, laboratory) };
}

const ANGLE_TEXT = /\.(?:txt|dat|angles?|tilts?)$/i;

/** Texts called after a stack and its angles, `TS_01_angles.txt`, that have an angle for each image of it, with or without the number of the image. */
async function angleTexts(laboratory: Laboratory, spoken: ReadonlySet<string>): Promise<Map<string, Seeming>> {
  const stacks = laboratory.files.filter(
    ({ volume }) => volume !== undefined && volume.says !== "volumes" && volume.shape[0] > 2,
  );
  const byStem = groupsOf(stacks, ({ path }) => stemOf(baseName(path)).toLowerCase());
  const texts = laboratory.files.flatMap(({ path, format }) => {
    const named = /^(.+?)[_.\- ]+(?:raw_?|tilt_?)?(?:angles?|tilts?|tlt)\.\w+$/i.exec(baseName(path));
    const own = named ? byStem.get(named[1]!.toLowerCase()) : undefined;
    return own && format === "text" && ANGLE_TEXT.test(path) && !spoken.has(path) ? [{ path, own }] : [];
  });
  const read = await readAngleLists(
    laboratory,
    texts.map(({ path }) => path),
  );
  return new Map(
    texts.flatMap(({ path, own }): [string, Seeming][] => {
      const stack = own.find(({ volume }) => volume!.shape[0] === read.get(path)?.count);
      if (!stack) return [];
      return [[path, { role: "raw tilts", because: `it has an angle for each image of ${stack.path}`, strength: "contents" }]];
    }),
  );
}

const COORDINATE_TEXT = /\.(?:txt|dat)$/i;
const COORDINATES_BYTES_MAX = 4 * 1024 * 1024;

/** A text of three numbers a line below a folder that is called after points; of others there, such as notes, nothing is said. */
async function listOfPoints(laboratory: Laboratory, { path, format, size }: Surveyed): Promise<Seeming | undefined> {
  const isText = format === "text" && size <= COORDINATES_BYTES_MAX && COORDINATE_TEXT.test(path);
  const folders = path.split("/").slice(0, -1);
  const folder = folders.slice(0, folders.findLastIndex(isOfPoints) + 1).join("/");
  if (!isText || folder === "") return undefined;
  const text = await laboratory.text(path);
  if (text === undefined || tableOf(text, path) === undefined) return undefined;
  return { role: "points", because: `each line has three numbers, and it lies in ${folder}`, strength: "name" };
}

const OF_TILTS: Seeming = {
  role: "tilt series",
  because: "its extended header has a tilt for each section",
  strength: "contents",
};

/** Whether blocks of the old form stand behind the header of what nothing but its name tells: `Tomo_4.mrc` is a series of FEI's programs, and a tomogram of others. */
const mayBeSeries = (named: Seeming | undefined, { path, volume }: Surveyed): boolean =>
  volume?.extended === "AGAR" &&
  !/\.(?:rec|map)$/i.test(path) &&
  (named === undefined || (named.strength === "name" && (named.role === "tomogram" || named.role === "tilt series")));

async function hasSectionTilts(laboratory: Laboratory, path: string): Promise<boolean> {
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    return sectionTilts(source, await readMrcHeader(source));
  });
  return "value" in read && read.value !== undefined;
}

const FRAME: Seeming = { role: "frame", because: "it has the size of the frames beside it", strength: "name" };

/** A test for stacks that are movies like those beside them, under a name that no acquisition file has. */
function framesBeside(laboratory: Laboratory, claims: readonly Claim[]): (file: Surveyed) => boolean {
  const keyOf = ({ path, volume, format }: Surveyed) => `${folderOf(path)}\0${format}\0${volume?.shape.join(" ")}`;
  const frames = claims.flatMap(({ path, role }) => (role === "frame" ? (laboratory.get(path) ?? []) : []));
  const known = new Set(frames.map(keyOf));
  return (file) => known.has(keyOf(file));
}

const FINER = /\.(xf|tlt|aln)$/i;
const kindOf = (path: string, role: Role): string => FINER.exec(path)?.[0].toLowerCase() ?? role;

/** Finds the run of a path. */
function namesOf(
  laboratory: Laboratory,
  known: readonly string[],
  named: readonly NamedFile[],
  claimed: ReadonlyMap<string, Claim>,
): (path: string) => string | undefined {
  const own = (some: readonly NamedFile[]) => specimens(some, laboratory);
  const byPattern = known.length > 0 ? [] : patternOr(named, own);
  const byKnown = runFinder([...known, ...byPattern]);
  // what follows no pattern of the others, a folder of single tomograms beside a whole project, has runs of its own
  const unknown = named.filter(({ path }) => claimed.get(path)?.run === undefined && byKnown(path) === undefined);
  const more = own(unknown).filter(isCounted);
  const byMore = runFinder(toldApart([...byPattern, ...more], named, laboratory));
  return (path) => (known.length > 0 ? byKnown(path) : undefined) ?? byMore(path);
}

/** Names by the pattern that most files follow; where it would put several specimens into one run, or there is a single file, those of the specimens. */
function patternOr(named: readonly NamedFile[], others: (named: readonly NamedFile[]) => string[]): string[] {
  const found = widened(findRunNames(named).names, named);
  const pathsOf = (kind: string) => named.filter((one) => one.kind === kind).map(({ path }) => path);
  const tomograms = pathsOf("tomogram");
  const find = runFinder(found);
  const isMixed = mixesSpecimens(find, tomograms) || mixesSpecimens(find, pathsOf("tilt series"));
  const isWrong = tomograms.length === 1 || isMixed || splitsSpecimens(found) || holdSeveral(find, named);
  return isWrong ? others(named) : found;
}

/**
 * Whether names of runs hold several series: the folder of a person who has `TS_01` and `TS_02` in it, of which there are tomograms, or which are stacks that
 * are called alike but for a number.
 */
function holdSeveral(find: (path: string) => string | undefined, named: readonly NamedFile[]): boolean {
  const seriesOf = (kind: string) =>
    groupsOf(
      named.filter((one) => one.kind === kind),
      ({ path }) => find(path) ?? "",
    );
  const tomograms = seriesOf("tomogram");
  return [...seriesOf("tilt series")].some(([run, stacks]) => {
    const made = new Set(tomograms.get(run)?.map(({ path }) => specimenOf(path)));
    const both = new Set(stacks.map(({ path }) => specimenOf(path)).filter((name) => isCounted(name) && made.has(name)));
    return run !== "" && (both.size > 1 || areNumbered(stacks, run));
  });
}

/** Whether some of these stacks lie in one folder and are called alike but for a number, which that of the run is not. */
function areNumbered(stacks: readonly NamedFile[], run: string): boolean {
  const names = stacks.map(({ path }) => ({ folder: folderOf(path), name: specimenOf(path) }));
  const counted = names.filter(({ name }) => isCounted(name) && /\p{L}/u.test(name) && !name.includes(run));
  const alike = groupsOf(counted, ({ folder, name }) => keyOf(folder, withoutNumbers(name)));
  return [...alike.values()].some((some) => new Set(some.map(({ name }) => name)).size > 1);
}

/** What the files of runs that nobody names are of. Frames alone name a run where there is nothing else. */
function specimens(named: readonly NamedFile[], laboratory: Laboratory): string[] {
  const shapes = new Map<string, Set<string>>();
  for (const { path, kind } of named) {
    if (!["tomogram", "tilt series", "acquisition"].includes(kind)) continue;
    const name = specimenOf(path);
    shapes.set(name, (shapes.get(name) ?? new Set()).add(laboratory.get(path)?.volume?.shape.join(" ") ?? ""));
  }
  if (shapes.size === 0) return findRunNames(named).names;
  // `TS_01_for_chimera` and `TS_01_bin4_for_figure` of the size of `TS_01` are of it, and so is `for Paul TS_01`
  const isOfWords = (rest: string) =>
    wordsOf(rest).every(({ start, end }) => !/\d/.test(rest.slice(start, end)) || isAdded(rest.slice(start, end)));
  const isOfAnother = (name: string) =>
    [...shapes].some(
      ([other, sizes]) =>
        ((name.startsWith(other) && /^[_.\- ]/.test(name.slice(other.length)) && isOfWords(name.slice(other.length))) ||
          (name.endsWith(other) && /^[^\d]+[_.\- ]$/.test(name.slice(0, -other.length)))) &&
        [...shapes.get(name)!].every((size) => sizes.has(size)),
    );
  // `TS 01` beside `TS_01` is the same one
  const written = groupsOf(
    [...shapes.keys()].filter((name) => !isOfAnother(name)),
    looseName,
  );
  return [...written.values()].map(([first]) => first!);
}

/**
 * Names that two files of one kind and one folder share are parts of longer names: `ts_3` of `gr1_L1_ts_3` and `gr2_L1_ts_3`. They are widened to what
 * stands before them.
 */
function widened(names: readonly string[], named: readonly NamedFile[]): string[] {
  const find = runFinder(names);
  const before = new Map<string, Set<string>>();
  for (const { path, kind } of named) {
    const run = find(path);
    if (run === undefined || !["tomogram", "tilt series", "acquisition"].includes(kind)) continue;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const at = name.indexOf(run);
    if (at < 0) continue;
    before.set(run, (before.get(run) ?? new Set()).add(name.slice(0, at)));
  }
  const heads = [...before.values()];
  const isPart = heads.some((some) => some.size > 1 && [...some].every((head) => /[\p{L}\p{N}]/u.test(head)));
  if (!isPart) return [...names];
  return names.flatMap((name) => {
    const some = [...(before.get(name) ?? [])].filter((head) => /[\p{L}\p{N}]/u.test(head));
    // where it also begins a name nothing is added to it
    const isWhole = some.length < (before.get(name)?.size ?? 0);
    return [...(some.length === 0 || isWhole ? [name] : []), ...some.map((head) => `${head}${name}`)];
  });
}

/** Of a run that has a stack as it was recorded, the aligned one is left out; also where that was emptied or cut. */
function withoutSecondStacks(claims: readonly Claim[], claimed: ReadonlyMap<string, Claim>, laboratory: Laboratory): Claim[] {
  const isAligned = ({ path }: Claim) => ALIGNED.test(path);
  const broken = ({ path }: Claim) =>
    ["st", "mrc"].map((end) => path.replace(ALIGNED, `.${end}`)).find((one) => isBroken(laboratory.get(one)));
  const recorded = new Set(
    [...claims, ...claimed.values()].filter((claim) => claim.role === "tilt series" && !isAligned(claim)).map(({ run }) => run),
  );
  return claims.map((claim): Claim => {
    if (claim.role !== "tilt series" || !isAligned(claim)) return claim;
    const lost = broken(claim);
    if (lost !== undefined)
      return { ...claim, role: "left out", because: `an aligned stack: ${lost}, of which it was made, cannot be read` };
    if (!recorded.has(claim.run)) return claim;
    return { ...claim, role: "left out", because: "an aligned stack: the one that it was made of is there" };
  });
}

const isBroken = (file: Surveyed | undefined): boolean => file?.format === "empty" || file?.unreadable !== undefined;

async function tiltCounts(laboratory: Laboratory): Promise<Set<number>> {
  const paths = (pattern: RegExp) =>
    laboratory.files
      .filter(({ path, format }) => format === "text" && pattern.test(path))
      .map(({ path }) => path)
      .slice(0, COUNTED_MAX);
  const lists = await readAngleLists(laboratory, paths(/\.(rawtlt|tlt)$/i));
  const mdocs = await readAcquisitions(laboratory, paths(/\.mdoc$/i));
  const counts = new Set<number>();
  for (const one of [...lists.values(), ...mdocs.values()]) if (one?.count !== undefined && one.count > 2) counts.add(one.count);
  return counts;
}
