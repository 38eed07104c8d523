import { groupsOf } from "../../../core/groups.js";
import { readAcquisitions } from "./acquisition.js";
import type { Claim, Details, Question } from "./claims.js";
import { anglesOfStack } from "./completion/angles-of-stack.js";
import { leaveBinnedStacks } from "./completion/binned-stacks.js";
import { boxQuestions } from "./completion/boxes.js";
import { calibrationQuestions } from "./completion/calibrations.js";
import { chunkQuestions } from "./completion/chunks.js";
import { comparedQuestions } from "./completion/compared-tables.js";
import { configuredSizeQuestions } from "./completion/configured-sizes.js";
import { countedInPixels, countedQuestions } from "./completion/counted-pixels.js";
import { settleCtfFormats } from "./completion/ctf-formats.js";
import { cutQuestions } from "./completion/cuts.js";
import { copiesOfPortal, downloadedQuestions } from "./completion/downloaded.js";
import { empiarQuestions } from "./completion/empiar-entries.js";
import { entryQuestions } from "./completion/entries.js";
import { placeGains } from "./completion/gains.js";
import { leaveThoseOfGone, leaveThoseOfNamesakes } from "./completion/gone-beside.js";
import { mirrorQuestions } from "./completion/hand.js";
import { leaveHdf5 } from "./completion/hdf5.js";
import { judgedQuestions } from "./completion/judged-series.js";
import { leaveKnownByOtherNames } from "./completion/known-by-other-names.js";
import { lightQuestions } from "./completion/light.js";
import { lyingQuestions } from "./completion/lying.js";
import { mapQuestions } from "./completion/maps.js";
import { meshQuestions } from "./completion/meshes.js";
import { methodOfName } from "./completion/method.js";
import { nanometreQuestions } from "./completion/nanometres.js";
import { notedQuestions } from "./completion/noted.js";
import { beforeCalibration, notedPixelQuestions, recalibrate } from "./completion/noted-pixels.js";
import { oneOfRun } from "./completion/one-of-run.js";
import { paintedQuestions } from "./completion/painted.js";
import { leaveParts } from "./completion/parts.js";
import { fillPixels, readPixels } from "./completion/pixels.js";
import { processedStackQuestions } from "./completion/processed-stacks.js";
import {
  asideListQuestions,
  asideQuestions,
  discardedQuestions,
  figureQuestions,
  givenUpQuestions,
  leavePutAside,
  testGridQuestions,
  trainingQuestions,
} from "./completion/put-aside.js";
import { leaveRaptorsImages } from "./completion/raptor.js";
import { leaveSameMasks } from "./completion/same-masks.js";
import {
  countQuestions,
  framesWithoutAcquisition,
  listsOfFewer,
  onlyOne,
  seriesOfOneRun,
  stoppedSeries,
  unreadLists,
} from "./completion/series.js";
import { sharedVoxelsQuestions } from "./completion/shared-voxels.js";
import { cropQuestions, placeMasks } from "./completion/sizes.js";
import { leaveSmallFrames } from "./completion/small-frames.js";
import {
  fillSpacings,
  headerQuestions,
  namedSpacingQuestions,
  placeholderNotes,
  type SeriesPixels,
  spacingNotes,
  spacingOf,
  spacingQuestions,
} from "./completion/spacings.js";
import { staleQuestions } from "./completion/stale.js";
import { fillTabledSizes, readTabledSizes, tabledSizeQuestions } from "./completion/tabled-sizes.js";
import { turnedQuestions } from "./completion/turned.js";
import { leaveSameVoxels, twinQuestions } from "./completion/twins.js";
import { unevenQuestions } from "./completion/uneven.js";
import { uprightQuestions } from "./completion/upright.js";
import {
  type Asked,
  answered,
  type Decided,
  type Decision,
  type Decisions,
  type Given,
  isSettled,
  originalOf,
  roleText,
  runsOf,
} from "./decide.js";
import type { Volume } from "./points/lists.js";
import { placePoints } from "./points/place.js";
import { leaveSameLists } from "./points/same-lists.js";
import { sameParticles } from "./points/same-particles.js";
import { scratchQuestions } from "./points/scratch.js";
import { seedQuestions } from "./points/seeds.js";
import { joinAlike } from "./questions.js";
import { baseName, folderOf, sharedDepth } from "./recognisers/common/paths.js";
import { tellingPaths } from "./recognisers/common/source-folders.js";
import { deselectedQuestions } from "./recognisers/warp/doubts.js";
import { APART, runFinder, runsCalled, stemOf, tightName, wordsOf } from "./run-names.js";
import { runTables } from "./run-tables.js";
import type { Laboratory } from "./survey/laboratory.js";
import { leaveWaitingLists, leaveWaitingTwins, waitForAnswers } from "./waiting.js";

async function leaveUnreadTexts(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  await unreadLists(files, laboratory);
  await settleCtfFormats(files, laboratory);
}

/**
 * What can be decided only when the runs and their tomograms are known: tables of runs, lists of points and their units, voxel sizes that contradict
 * each other. Changes the maps that it is given: a copy of so many would be held beside them.
 */
export async function complete(
  laboratory: Laboratory,
  { files, undecided, goneGains, questions: asked, ...decisions }: Decided,
  given: Given,
  signal: AbortSignal,
): Promise<Decisions> {
  const places = { given, files, undecided, laboratory };
  const questions = [...asked];
  const ask = (some: readonly Question[]) => {
    const open = some.filter((question) => !isSettled(question, places));
    for (const question of joinAlike(open, given.answers)) questions.push(answered(question, "", places));
  };
  const unread = leaveHdf5(files, laboratory);
  leaveCopiedRuns(files);
  await leaveParts(files, laboratory);
  await leaveBinnedStacks(files, laboratory);
  leaveRaptorsImages(files, laboratory);
  joinAcquisitions(files);
  nameProcessing(files, laboratory);
  withoutRun(files, undecided);
  await leaveUnreadTexts(files, laboratory);
  if (given.archive === undefined) ask(await comparedQuestions(files, laboratory));
  await leaveWhatIsNotMeant(files, laboratory, ask);
  await onlyOne(files, undecided, laboratory);
  ask(await seriesOfOneRun(files, laboratory));
  ask(processedStackQuestions(files));
  anglesOfStack(files, undecided);
  await listsOfFewer(files, laboratory);
  ask(mapQuestions(files, laboratory));
  ask(stoppedSeries(files, laboratory));
  ask(givenUpQuestions(files));
  ask(await countQuestions(files, laboratory));
  ask(await turnedQuestions(files, laboratory));
  const { series, tabled } = await fillSizes({ files, undecided, laboratory, questions }, ask);
  ask(configuredSizeQuestions(files, laboratory));
  ask(await notedPixelQuestions(files, laboratory));
  beforeCalibration(files, laboratory);
  ask(boxQuestions(files, laboratory));
  ask(namedSpacingQuestions(files, laboratory, series));
  ask(headerQuestions(files, laboratory, series));
  ask(tabledSizeQuestions(files, laboratory, { series, tabled }));
  ask(spacingQuestions(files, laboratory));
  ask(nanometreQuestions(files, laboratory, series));
  ask(lyingQuestions(files, laboratory, series));
  ask(unevenQuestions(files, laboratory));
  ask(meshQuestions(files));
  ask(chunkQuestions(files, laboratory));
  ask(cutQuestions(files, laboratory));
  ask(cropQuestions(files, undecided, laboratory));
  ask(staleQuestions(files, laboratory));
  await leaveSameVoxels(files, laboratory);
  ask(await sharedVoxelsQuestions(files, laboratory));
  ask(await paintedQuestions(files, laboratory));
  ask(figureQuestions(files));
  ask(calibrationQuestions(files, laboratory));
  ask(uprightQuestions(files, laboratory));
  ask(await mirrorQuestions(files, laboratory));
  ask(await twinQuestions(files, laboratory));
  leaveWaitingTwins(files, { questions, laboratory });
  ask(asideQuestions(files, laboratory));
  ask(placeMasks(files, laboratory));
  await leaveSameMasks(files, laboratory);
  await leaveSmallFrames({ files, undecided }, laboratory);
  await framesWithoutAcquisition(files, laboratory);
  await oneOfRun(files, laboratory);
  const runs = runsOf(files);
  ask(await placeGains(files, laboratory, runs, goneGains));
  runsOfLists(files, runs, laboratory);
  await leaveSameLists(files, laboratory);
  const tables = [...files.values()].filter(({ role }) => role === "table");
  const { claims: told, points } = await runTables(laboratory, tables, runs, signal);
  putClaims(files, told);
  const volumesOf = volumesOfRuns(files, laboratory);
  const pixels = groupsOf(series, ({ run }) => run);
  leaveWaitingLists(listsIn(files, points), { files, questions, laboratory });
  const lists = listsIn(files, points);
  const placed = await placePoints(
    lists.map((file) => ({ ...file, role: "points" })),
    {
      laboratory,
      runs,
      runsCalled: calledAsSeries(files),
      volumesOf,
      pixelsOf: (run) => (pixels.get(run) ?? []).map(({ pixelAngstrom }) => pixelAngstrom),
      signal,
    },
  );
  putClaims(files, placed.claims);
  ask(placed.questions);
  unitsAlone(files, placed.questions);
  ask(asideListQuestions(files));
  ask(scratchQuestions(files));
  ask(await seedQuestions(files, { laboratory, volumesOf, signal }));
  ask(await sameParticles(files, { laboratory, volumesOf, signal }));
  waitForAnswers(files, questions, { lists: new Set(lists.map(({ path }) => path)), laboratory });
  recalibrate(files, laboratory);
  const sizes = [...spacingNotes(files, laboratory), ...placeholderNotes(files, laboratory, series)];
  const notes = [...decisions.notes, ...unread, ...sizes, ...placed.notes];
  return { ...decisions, runs: runsOf(files), files, undecided, questions, notes };
}

/** Sizes of pixels and voxels that headers do not have, or that are none. */
async function fillSizes(
  {
    files,
    undecided,
    laboratory,
    questions,
  }: Pick<Decided, "files" | "undecided" | "questions"> & { readonly laboratory: Laboratory },
  ask: (some: readonly Question[]) => void,
) {
  await readPixels(files, laboratory);
  const tabled = await readTabledSizes(files, laboratory);
  fillTabledSizes(files, laboratory, tabled);
  const counted = await countedInPixels(files, laboratory);
  const series = await seriesPixels(files, laboratory, waitingStacks(questions, files));
  series.push(...fillPixels(files, undecided, laboratory, series));
  ask(countedQuestions(counted, files, { laboratory, series }));
  fillSpacings(files, undecided, laboratory, series);
  return { series, tabled };
}

/** What notes, tables, names of folders and entries elsewhere say against: it was given up, put aside, made for a training, or is published already. */
async function leaveWhatIsNotMeant(
  files: Map<string, Decision>,
  laboratory: Laboratory,
  ask: (some: readonly Question[]) => void,
): Promise<void> {
  ask(await deselectedQuestions(files, laboratory));
  ask(await notedQuestions(files, laboratory));
  ask(await judgedQuestions(files, laboratory, calledByPeople(files)));
  ask(downloadedQuestions(files, laboratory));
  ask(await copiesOfPortal(files, laboratory));
  ask(await entryQuestions(files, laboratory));
  ask(empiarQuestions(files, laboratory));
  await leaveKnownByOtherNames(files, laboratory);
  leavePutAside(files);
  ask(discardedQuestions(files));
  ask(trainingQuestions(files));
  ask(testGridQuestions(files));
  ask(lightQuestions(files));
}

/** Gives lists their runs. */
function runsOfLists(files: Map<string, Decision>, runs: readonly string[], laboratory: Laboratory): void {
  nameLists(files, runs);
  leaveThoseOfGone(files, laboratory);
  leaveThoseOfNamesakes(files);
  tieLists(files);
}

/** Lists of points, and tables of which some columns are. */
function listsIn(files: ReadonlyMap<string, Decision>, points: { has(path: string): boolean }): Decision[] {
  return [...files.values()].filter(({ role, path }) => role === "points" || (role === "table" && points.has(path)));
}

/** What a person has said of a file stands, but for where its points are. */
function putClaims(files: Map<string, Decision>, claims: readonly Claim[]): void {
  for (const { path, role, run, runs, because, strength: found, details = {} } of claims) {
    const known = files.get(path)!;
    if (known.strength === "person" && known.role !== "points") continue;
    const strength = known.strength === "person" ? "person" : found;
    files.set(path, { ...known, path, role, run, runs, because, strength, details });
  }
}

/** Who tells the unit of a list has not said that it is published beside others with the same particles: that is still asked. */
function unitsAlone(files: Map<string, Decision>, ofUnits: readonly Question[]): void {
  for (const path of ofUnits.flatMap((question) => question.files)) {
    const file = files.get(path);
    if (file?.role === "points" && file.strength === "person" && file.question !== undefined)
      files.set(path, { ...file, strength: "contents" });
  }
}

const NAMED_AS_SERIES: readonly Decision["role"][] = ["tilt series", "tomogram", "acquisition", "raw tilts", "alignment"];
/** Also one that is left out, since another one is published in its place, has the name of its series. */
const isCalledAsSeries = ({ path, role }: Decision): boolean =>
  NAMED_AS_SERIES.includes(role) || /\.(?:mdoc|tomostar)$/i.test(path);

/** The runs of which files have a name, by the files that are called after their series. */
const calledAsSeries = (
  files: ReadonlyMap<string, Decision>,
  key?: (name: string) => string,
): ((name: string) => readonly string[]) => runsCalled([...files.values()].filter(isCalledAsSeries), key);

/** The same where a person has typed the name: `ts 3` of `TS_003.st`. */
function calledByPeople(files: ReadonlyMap<string, Decision>): (name: string) => readonly string[] {
  const [exactly, tightly] = [calledAsSeries(files), calledAsSeries(files, tightName)];
  return (name) => {
    const runs = exactly(name);
    return runs.length === 0 && /\p{L}.*\d/u.test(name) ? tightly(name) : runs;
  };
}

/** What may lie beside the volumes of a run, and is none. */
const BESIDE: readonly Decision["role"][] = ["acquisition", "raw tilts", "alignment", "ctf", "table"];

/** Of a folder that somebody has copied as a whole the volumes are known as copies: its texts, which many runs have alike, make no run of their own. */
function leaveCopiedRuns(files: Map<string, Decision>): void {
  const copied = new Map([...files.values()].flatMap(({ path, copyOf }) => (copyOf ? [[folderOf(path), copyOf] as const] : [])));
  const byRun = groupsOf(
    [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out"),
    ({ run }) => run!,
  );
  for (const own of byRun.values()) {
    if (!own.every(({ path, role }) => BESIDE.includes(role) && copied.has(folderOf(path)))) continue;
    for (const file of own)
      files.set(file.path, { ...file, role: "left out", because: `beside a copy of ${copied.get(folderOf(file.path))}` });
  }
}

/** An acquisition file alone is no run: where its name goes on before or behind that of a run that has none, it is of that run. */
function joinAcquisitions(files: Map<string, Decision>): void {
  const byRun = groupsOf(
    [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out"),
    ({ run }) => run!,
  );
  const has = (run: string) => byRun.get(run)?.some(({ role }) => role === "acquisition") === true;
  const alone = [...byRun].filter(([, own]) => own.every(({ role }) => role === "acquisition"));
  const others = [...byRun.keys()].filter((run) => !has(run));
  for (const [run, own] of alone) {
    const [longest] = others
      .filter((other) => run.includes(other) && run.split(other).every((part) => APART.test(part)))
      .sort((a, b) => b.length - a.length);
    if (longest !== undefined) for (const file of own) files.set(file.path, { ...file, run: longest });
  }
}

const DENOISED = /denoi[sz]|_den(?=[_.]|$)|dctf|cryocare|isonet|topaz|n2n|deepdewedge|ddw/i;
const FILTERED = /filt|deconv|bandpass|lowpass/i;

/** What was done with a tomogram, and how it was made, by its name, where nobody has told it. */
function nameProcessing(files: Map<string, Decision>, laboratory: Laboratory): void {
  const tellingOf = tellingPaths(laboratory);
  for (const [path, file] of files) {
    // who answers that it is a tomogram has not said what was done with it
    if (file.role !== "tomogram" || (file.strength === "person" && file.question === undefined)) continue;
    const telling = tellingOf(path);
    const processing = DENOISED.test(telling) ? "denoised" : FILTERED.test(telling) ? "filtered" : undefined;
    const method = methodOfName(path);
    const named: Details = { ...(processing ? { processing } : {}), ...(method ? { reconstructionMethod: method } : {}) };
    const told: Details = Object.fromEntries(Object.entries(file.details).filter(([, value]) => value !== undefined));
    files.set(path, { ...file, details: { ...named, ...told } });
  }
}

/** Files of a kind that a run has, for which nothing tells the run. Answers may leave it open: then their names are looked at, as those of other files were. */
function withoutRun(files: Map<string, Decision>, undecided: Map<string, string>): void {
  const find = runFinder(runsOf(files));
  for (const [path, file] of files) {
    const { role, run, runs, question, sameRunAs } = file;
    if (run !== undefined || runs !== undefined || ["left out", "gain", "table", "points"].includes(role)) continue;
    // what was made of a copy is of the run of that, though the copy is left out
    const original = sameRunAs === undefined ? undefined : files.get(sameRunAs)?.run;
    const named = original ?? (question === undefined ? undefined : find(path));
    if (named !== undefined) {
      files.set(path, { ...file, run: named });
      continue;
    }
    files.delete(path);
    undecided.set(path, `it seems to be ${roleText(role)}, and nothing tells of which run`);
  }
}

/**
 * Tables have no run until it is clear that they are lists of points. One that is called by the former name of a series is of the run that has the files of
 * that name nearest to it.
 */
function nameLists(files: Map<string, Decision>, runs: readonly string[]): void {
  const find = runFinder(runs);
  // made when it is first asked for: most tables are called after a run, or after none
  let called: Map<string, Decision[]> | undefined;
  for (const [path, file] of files) {
    if (file.role !== "table" || file.run !== undefined) continue;
    const run = find(path);
    if (run === undefined) called ??= filesByName(files);
    files.set(path, { ...file, run: run ?? runOfFormerName(path, called!) });
  }
}

function filesByName(files: ReadonlyMap<string, Decision>): Map<string, Decision[]> {
  const byName = new Map<string, Decision[]>();
  for (const file of files.values()) {
    if (file.run === undefined || !isCalledAsSeries(file)) continue;
    for (const name of numberedNames(file.path)) {
      const own = byName.get(name);
      if (own) own.push(file);
      else byName.set(name, [file]);
    }
  }
  return byName;
}

/** Names with a number that the name of a file begins with, the longest first: `TS_03_10` and `TS_03` of `TS_03_10.rec`. */
function numberedNames(path: string): string[] {
  const stem = stemOf(baseName(path));
  const names = wordsOf(stem).map(({ end }) => stem.slice(0, end));
  return names.filter((name) => /\d/.test(name)).reverse();
}

function runOfFormerName(path: string, called: ReadonlyMap<string, readonly Decision[]>): string | undefined {
  for (const name of numberedNames(path)) {
    const own = called.get(name);
    if (own === undefined) continue;
    const depth = Math.max(...own.map((file) => sharedDepth(path, file.path)));
    const nearest = new Set(own.flatMap(({ path: other, run }) => (sharedDepth(path, other) === depth ? run! : [])));
    return nearest.size === 1 ? [...nearest][0] : undefined;
  }
  return undefined;
}

/** A list whose bookkeeping names its tomogram is of the run of that, also where series of two folders have the same name. */
function tieLists(files: Map<string, Decision>): void {
  for (const [path, file] of files) {
    if (file.role !== "points" || file.run !== undefined || file.sameRunAs === undefined) continue;
    const { role, run } = files.get(originalOf(file.sameRunAs, files)) ?? {};
    // of the runs that the names of its rows may mean it is one
    const mayBe = run !== undefined && (file.runs === undefined || file.runs.includes(run));
    if (role === "tomogram" && mayBe) files.set(path, { ...file, run, runs: undefined });
  }
}

function volumesOfRuns(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): (run: string) => readonly Volume[] {
  const volumes = new Map<string, Volume[]>();
  for (const file of files.values()) {
    const shape = laboratory.get(file.path)?.volume?.shape;
    if (file.role !== "tomogram" || file.run === undefined || !shape) continue;
    const [z, y, x] = shape;
    const [oz, oy, ox] = laboratory.get(file.path)!.volume!.originAngstrom;
    const one: Volume = {
      path: file.path,
      size: [x, y, z],
      spacingAngstrom: spacingOf(file, laboratory),
      originAngstrom: [ox, oy, oz],
    };
    volumes.set(file.run, [...(volumes.get(file.run) ?? []), one]);
  }
  return (run) => volumes.get(run) ?? [];
}

/** Stacks of which a person is asked which one of a run counts: the size of their images, and of their pixels, is known all the same. */
function waitingStacks(questions: readonly Asked[], files: ReadonlyMap<string, Decision>): Claim[] {
  const open = questions.filter(({ answer, isOfRuns }) => answer === undefined && !isOfRuns);
  const claims = open.flatMap(({ options }) => options.flatMap((option) => option.claims));
  const stacks = claims.filter(({ role, run, path }) => role === "tilt series" && run !== undefined && !files.has(path));
  return [...new Map(stacks.map((claim) => [claim.path, claim])).values()];
}

/** Tilt series of each run with the size of their pixels, by their headers and the acquisition files. */
async function seriesPixels(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  waiting: readonly Claim[],
): Promise<SeriesPixels[]> {
  const found: SeriesPixels[] = [];
  const know = (by: SeriesPixels["by"], run: string | undefined, pixelAngstrom: number | undefined, [rows, columns] = [0, 0]) => {
    if (run === undefined || pixelAngstrom === undefined || pixelAngstrom <= 0.01 || pixelAngstrom === 1) return;
    found.push({ run, pixelAngstrom, rows, columns, by });
  };
  const series = [...files.values()].filter(({ role }) => role === "tilt series");
  const sizeOf = ({ path }: Pick<Decision, "path">) =>
    laboratory.get(path)?.volume?.shape.slice(1) as [number, number] | undefined;
  for (const file of series) know("tilt series", file.run, spacingOf(file, laboratory), sizeOf(file));
  for (const { path, run, details = {} } of waiting)
    know("tilt series", run, spacingOf({ path, details }, laboratory), sizeOf({ path }));
  const acquisitions = [...files.values()].filter(({ role, run }) => role === "acquisition" && run !== undefined);
  const read = await readAcquisitions(
    laboratory,
    acquisitions.map(({ path }) => path),
  );
  for (const { path, run } of acquisitions) {
    const own = [...series, ...waiting].find((file) => file.run === run);
    know("acquisition", run, read.get(path)?.pixelSpacing, own && sizeOf(own));
  }
  return found;
}
