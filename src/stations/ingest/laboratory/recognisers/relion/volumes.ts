import { groupsOf, keyOf } from "../../../../../core/groups.js";
import type { Claim, Details, Option, Question } from "../../claims.js";
import { seeming } from "../../conventions/kinds.js";
import { runFinder } from "../../run-names.js";
import { isAverage, isBox } from "../common/averages.js";
import { idOf, stemOf } from "../common/names.js";
import { baseName } from "../common/paths.js";
import { setSpacing, type Volume, volumesOf } from "../common/volumes.js";
import { halves } from "../halves/recognise.js";
import { endingOf } from "../segmenters/names.js";
import { placeOf } from "./places.js";
import type { Found } from "./project.js";
import { positiveIn, type Row } from "./stars.js";
import type { Tomogram } from "./tomogram.js";

/** Columns that name volumes of a tomogram. Source: `metadata_label.h` and `denoise/cryoCARE/_utils.py` of RELION 5. */
const NAMED: readonly (readonly [column: string, role: "tomogram" | "half map", details: Details])[] = [
  ["rlnTomoReconstructedTomogram", "tomogram", { processing: "raw" }],
  ["rlnTomoReconstructedTomogramHalf1", "half map", {}],
  ["rlnTomoReconstructedTomogramHalf2", "half map", {}],
  ["rlnTomoReconstructedTomogramDenoised", "tomogram", { processing: "denoised", processingSoftware: "cryoCARE" }],
  ["rlnTomoDenoisedTomogram", "tomogram", { processing: "denoised", processingSoftware: "cryoCARE" }],
];
const MADE_HERE: readonly string[] = ["Tomograms", "ReconstructTomograms", "Denoise"];

/** Tomograms, denoised ones and halves that the tables name. */
export function claimNamedVolumes(found: Found, tomograms: readonly Tomogram[]): void {
  const { laboratory } = found;
  const isVolume = (path: string) => !["stack", "picture", undefined].includes(laboratory.get(path)?.volume?.says);
  for (const tomogram of tomograms) {
    for (const { row, star } of tomogram.rows) {
      for (const [column, role, told] of NAMED) {
        const path = tomogram.project.find(row.get(column) ?? "", isVolume);
        if (path === undefined || found.isTaken(path)) continue;
        const made = MADE_HERE.includes(placeOf(path)?.type ?? "") ? { reconstructionSoftware: "RELION" } : {};
        const because = `${baseName(star)} names it as ${wordsOf(column)} of ${tomogram.name}`;
        const claim: Claim = { path, role, run: tomogram.run, because, strength: "bookkeeping", details: { ...made, ...told } };
        claimWithSpacing(found, claim, spacingOf(row));
      }
    }
  }
}

function wordsOf(column: string): string {
  if (/Denoised/.test(column)) return "the denoised tomogram";
  return /Half(\d)$/.test(column) ? `half ${column.slice(-1)}` : "the tomogram";
}

/** Å of the voxels of what a row calls reconstructed. */
function spacingOf(row: Row): number | undefined {
  const pixel = positiveIn(row, "rlnTomoTiltSeriesPixelSize");
  const binning = positiveIn(row, "rlnTomoTomogramBinning");
  return pixel === undefined || binning === undefined ? undefined : Number((pixel * binning).toPrecision(6));
}

/** What the tables say counts where the header says nothing. What they say against each other is asked. */
function claimWithSpacing(found: Found, claim: Claim, told: number | undefined): void {
  const said = setSpacing(found.laboratory.get(claim.path)!.volume!);
  if (told === undefined || isNear(said, told)) {
    found.claim(claim);
    return;
  }
  const withTold = { ...claim, details: { ...claim.details, spacingAngstrom: told } };
  if (said === undefined || claim.role === "half map") found.claim(withTold);
  else found.ask({ ...spacingQuestion(claim, withTold, said), guess: `${told}` });
}

const SPACING_TOLERANCE = 0.01;
const isNear = (said: number | undefined, told: number): boolean =>
  said !== undefined && Math.abs(said / told - 1) < SPACING_TOLERANCE;

function spacingQuestion(asHeader: Claim, asTold: Claim, said: number): Question {
  const { path, run } = asHeader;
  const told = asTold.details!.spacingAngstrom!;
  const header = Number(said.toPrecision(5));
  const out: Claim = { path, run, role: "left out", because: "a person left it out", strength: "bookkeeping" };
  return {
    id: `relion-spacing-${idOf(path)}`,
    text: `What is the voxel size of ${path}?`,
    why: `RELION's tables say ${told} Å, the header says ${header} Å.`,
    files: [path],
    options: [
      { answer: `${told}`, says: `published with ${told} Å`, claims: [asTold] },
      { answer: `${header}`, says: `published with ${header} Å`, claims: [asHeader] },
      { answer: "leave-out", says: "not published", claims: [out] },
    ],
  };
}

/** Volumes in the folders of jobs, by the names that RELION gives them, where no table names them any more. */
export function claimCalledVolumes(found: Found, tomograms: readonly Tomogram[]): void {
  for (const { path } of volumesOf(found.laboratory)) {
    const place = placeOf(path);
    if (!place || place.isDeleted || !MADE_HERE.includes(place.type) || found.isTaken(path)) continue;
    const [, name = "", half] = /^tomograms\/rec_(.+?)(?:_(half[12]))?\.mrc$/.exec(place.rest) ?? [];
    const tomogram = tomograms.find((one) => one.name === name && one.project === found.projectOf(path));
    if (!tomogram) continue;
    const details: Details =
      place.type === "Denoise" ? { processing: "denoised", processingSoftware: "cryoCARE" } : { processing: "raw" };
    found.claim({
      path,
      role: half === undefined ? "tomogram" : "half map",
      run: tomogram.run,
      because: `RELION calls ${half === undefined ? "the tomogram" : "a half"} of ${name} so`,
      strength: "bookkeeping",
      details: { reconstructionSoftware: "RELION", ...details },
    });
  }
}

/**
 * Of the tomograms of a run that are alike, those of jobs that failed, or that RELION's list of jobs has no more, where one of another job is there. One that
 * is alone is the tomogram, and it is told.
 */
export function leaveSecondVolumes({ laboratory, claims, notes, projectOf }: Found): void {
  const made = claims.flatMap((claim) => {
    const place = placeOf(claim.path);
    if (place === undefined || (claim.role !== "tomogram" && claim.role !== "half map")) return [];
    const pipeline = projectOf(claim.path)?.pipeline;
    const fault = pipeline?.failed.has(place.job)
      ? `which ${place.job} left when it failed`
      : pipeline?.isGone(place.job)
        ? `of ${place.job}, which RELION's list of jobs has no more`
        : undefined;
    return [{ claim, fault, half: /half(\d)/.exec(claim.path)?.[1] ?? "" }];
  });
  const spacing = ({ path, details }: Claim) =>
    Number((details?.spacingAngstrom ?? setSpacing(laboratory.get(path)!.volume!) ?? 0).toPrecision(3));
  const groups = groupsOf(made, ({ claim, half }) =>
    keyOf(claim.run ?? "", claim.role, half, claim.details?.processing ?? "", `${spacing(claim)}`),
  );
  for (const group of groups.values()) {
    const [sound] = group.filter(({ fault }) => fault === undefined);
    for (const { claim, fault } of group) {
      if (fault === undefined) continue;
      if (sound === undefined)
        notes.push(`${claim.path} is ${claim.role === "tomogram" ? "the tomogram" : "a half"} of ${claim.run}, ${fault}.`);
      else {
        const because = `${claim.role === "tomogram" ? "a tomogram" : "a half"} ${fault}: ${sound.claim.path} is there`;
        claims[claims.indexOf(claim)] = { path: claim.path, role: "left out", run: claim.run, because, strength: "bookkeeping" };
      }
    }
  }
}

/** A volume outside the folders of jobs that is called after a tomogram whose size is known. */
interface Candidate {
  readonly file: Volume;
  readonly tomogram: Tomogram;
  /** Å of its voxels, where its size is that of the tomogram, divided by one number along all axes. */
  readonly spacingAngstrom: number | undefined;
}

/**
 * Volumes that programs other than RELION made of the same tilt series. RELION 4 does not name them, but knows the size of the whole: where theirs is a
 * part of it, their voxel size is known.
 */
export async function claimOtherVolumes(found: Found, tomograms: readonly Tomogram[]): Promise<void> {
  const ofHalves = new Set((await halves.recognise(found.laboratory))?.claims.map(({ path }) => path));
  const candidates = candidatesOf(found, tomograms).filter(({ file }) => !ofHalves.has(file.path));
  await claimSameVolumes(found, candidates);
  for (const candidate of candidates) if (!found.isTaken(candidate.file.path)) claimBySize(found, candidate);
  for (const tomogram of tomograms) {
    const own = candidates.filter((one) => one.tomogram === tomogram && !found.isTaken(one.file.path));
    askAboutOthers(found, tomogram, own, candidates);
  }
}

/** A header that was never set, has the pixels of the tilt series, or is in nm is corrected; another one is asked about. */
function claimBySize(found: Found, { file, tomogram, spacingAngstrom: told }: Candidate): void {
  const { path, volume } = file;
  const said = setSpacing(volume);
  const isTold = tomogram.rows.some(({ row }) => isNear(said, spacingOf(row) ?? 0));
  if (told === undefined || isNear(said, told) || isTold || fitsAsWell(file, tomogram, said)) return;
  const { run, name, sizePixels, pixelAngstrom } = tomogram;
  const claim: Claim = { path, role: "tomogram", run, because: `it is called after ${name}, and has its size`, strength: "name" };
  const spacingFrom = `by its size: RELION knows ${sizePixels!.join("×")} pixels of ${pixelAngstrom} Å`;
  const withTold: Claim = { ...claim, details: { spacingAngstrom: told, spacingFrom } };
  const isWrong = said === undefined || [pixelAngstrom!, told / 10, told * 10].some((one) => isNear(said, one));
  // where RELION has the tomogram itself, one beside the project is of whatever series has that name there
  const isBeside = found.projectOf(path) !== tomogram.project;
  const own = found.claims.filter((one) => one.role === "tomogram" && one.run === run);
  if (isBeside && own.some((one) => found.projectOf(one.path) === tomogram.project)) return;
  // likewise where the tables name it in another program's folder, but for a header that says nothing
  const isNamed = own.some(({ strength }) => strength === "bookkeeping");
  if (isWrong) found.claim(withTold);
  else if (!isBeside || !isNamed) found.ask(spacingQuestion(claim, withTold, said));
}

/**
 * Whether the size of a volume agrees with its own header as well as with a whole binning. WarpTools reconstructs at any voxel size, 10 Å of pixels of
 * 1.96 Å, and its tables have no binning of the tomogram: rounding the sizes alone does not make it 9.8 Å.
 */
function fitsAsWell(file: Volume, tomogram: Tomogram, said: number | undefined): boolean {
  const range = binningsBySize(file, tomogram);
  const isBinningTold = tomogram.rows.some(({ row }) => positiveIn(row, "rlnTomoTomogramBinning") !== undefined);
  if (range === undefined || isBinningTold || said === undefined) return false;
  const binning = said / tomogram.pixelAngstrom!;
  return binning > range.least && binning < range.most;
}

function candidatesOf(found: Found, tomograms: readonly Tomogram[]): Candidate[] {
  const around = { tiltCounts: new Set<number>(), has: (path: string) => found.laboratory.get(path) !== undefined };
  const find = runFinder(tomograms.map(({ run }) => run));
  return volumesOf(found.laboratory).flatMap((file) => {
    const run = placeOf(file.path) || found.isTaken(file.path) || isAverage(file) ? undefined : find(file.path);
    const own = tomograms.filter((one) => one.run === run && one.sizePixels && one.pixelAngstrom);
    const tomogram = own.find(({ project }) => project === found.projectOf(file.path)) ?? own[0];
    const isScores = endingOf(stemOf(file.path))?.leftOut !== undefined;
    if (!tomogram || isScores || seeming(file, around)?.role !== "tomogram") return [];
    return [{ file, tomogram, spacingAngstrom: spacingBySize(file, tomogram) }];
  });
}

type Sized = Pick<Tomogram, "sizePixels" | "pixelAngstrom" | "rows">;

/** Between which binnings a volume has the size of the whole tomogram along all axes; programs round it up or down. */
function binningsBySize({ volume }: Pick<Volume, "volume">, { sizePixels, pixelAngstrom }: Sized) {
  if (!sizePixels || pixelAngstrom === undefined) return undefined;
  const own = [volume.shape[2], volume.shape[1], volume.shape[0]];
  const least = Math.max(...sizePixels.map((whole, axis) => whole / (own[axis]! + 1)));
  const most = Math.min(...sizePixels.map((whole, axis) => whole / Math.max(own[axis]! - 1, 0.5)));
  if (least >= most || most < 1) return undefined;
  const longest = sizePixels.indexOf(Math.max(...sizePixels));
  return { least, most, plain: sizePixels[longest]! / own[longest]! };
}

/**
 * Å of the voxels of a volume whose size is that of the whole tomogram, divided by one number. A whole number counts where it fits, then the binning that
 * the tables have.
 */
export function spacingBySize(file: Pick<Volume, "volume">, tomogram: Sized): number | undefined {
  const range = binningsBySize(file, tomogram);
  if (range === undefined) return undefined;
  const { least, most, plain } = range;
  const isWithin = (binning: number) => binning > least && binning < most;
  const told = tomogram.rows
    .map(({ row }) => positiveIn(row, "rlnTomoTomogramBinning"))
    .find((one) => one !== undefined && isWithin(one));
  const whole = Math.round((least + most) / 2);
  return Number((tomogram.pixelAngstrom! * (told ?? (isWithin(whole) ? whole : plain))).toPrecision(6));
}

/** Volumes that are the same file as one that the tables name: behind a link, or copied. */
async function claimSameVolumes(found: Found, candidates: readonly Candidate[]): Promise<void> {
  const { laboratory, claims } = found;
  const named = claims.filter(({ role }) => role === "tomogram");
  for (const { file, tomogram } of candidates) {
    const alike = named.filter(
      ({ path, run }) => run === tomogram.run && path !== file.path && laboratory.get(path)!.size === file.size,
    );
    for (const { path } of alike) {
      if (found.isTaken(file.path) || (await laboratory.digest(path)) !== (await laboratory.digest(file.path))) continue;
      found.claim({
        path: file.path,
        role: "left out",
        run: tomogram.run,
        because: `the same as ${path}, which RELION names`,
        strength: "contents",
      });
    }
  }
}

/** Of a run that has a volume of the size that RELION knows, another one of these voxels and another size was not the one that RELION worked with. */
function askAboutOthers(found: Found, tomogram: Tomogram, own: readonly Candidate[], all: readonly Candidate[]): void {
  const { run, name, sizePixels } = tomogram;
  const right = all.filter((one) => one.tomogram.run === run && one.spacingAngstrom !== undefined);
  if (right.length === 0) return;
  for (const { file, spacingAngstrom } of own) {
    const said = setSpacing(file.volume);
    const same = right.find((one) => said === undefined || Math.abs(said / one.spacingAngstrom! - 1) < SPACING_TOLERANCE);
    // a cube is a piece of a tomogram, about which others ask
    if (spacingAngstrom !== undefined || !same || isBox(file)) continue;
    const { path, volume } = file;
    const because = `it is called after ${name}`;
    const [z, y, x] = volume.shape;
    const isUnturned = spacingBySize({ volume: { ...volume, shape: [y, z, x] } }, tomogram) !== undefined;
    const other = isUnturned
      ? `it lies on its side: y and z are exchanged against ${name} in RELION, and ${same.file.path} lies as RELION has it`
      : `it has not the size of ${name} in RELION, which ${same.file.path} has`;
    const pixels = `the ${sizePixels!.join("×")} pixels that RELION has for ${name}`;
    const size = isUnturned
      ? `a binning of ${pixels}, but with y and z exchanged; ${same.file.path} has them in order. IMOD's trimvol -rx would put them right`
      : `which is no binning of ${pixels}, while ${same.file.path} is one: it may be a part that was cut out`;
    const options: Option[] = [
      {
        answer: "leave-out",
        says: "not published",
        claims: [{ path, run, role: "left out", because: other, strength: "bookkeeping" }],
      },
      {
        answer: "tomogram",
        says: "published as it is",
        claims: [{ path, run, role: "tomogram", because, strength: "bookkeeping" }],
      },
    ];
    found.ask({
      id: `relion-size-${idOf(path)}`,
      text: `Should ${path} be published as a tomogram?`,
      why: `It has ${x}×${y}×${z} voxels, ${size}.`,
      files: [path],
      options,
      guess: "leave-out",
      unlessKnownAs: "tomogram",
    });
  }
}
