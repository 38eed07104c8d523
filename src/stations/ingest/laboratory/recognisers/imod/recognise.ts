import { groupsOf } from "../../../../../core/groups.js";
import type { Claim, Details, Question, Recogniser } from "../../claims.js";
import { theseFiles } from "../../questions.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { idOf } from "../common/names.js";
import { baseName, folderOf, within } from "../common/paths.js";
import { type Dataset, findDatasets, type OwnFile, ownersIn } from "./datasets.js";
import { joinsOfSections } from "./joins.js";
import { recogniseModels } from "./model-claims.js";
import { isSum, kindOf, plainKind, workFolder } from "./names.js";
import { montages } from "./pieces.js";
import { serialSections } from "./serial-sections.js";

/**
 * Etomo and batchruntomo: a folder with an `.edf` (or a `tilt.com`) names a dataset, and all files of the dataset are called after it in a fixed way. Of a
 * dual-axis series the volume of both axes is the tomogram, and axis a describes the run. Models are known by what is drawn in them.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/tomoguide.html, https://bio3d.colorado.edu/imod/doc/man/batchruntomo.html
 */
export const imod: Recogniser = {
  id: "imod",
  software: "IMOD (etomo)",
  async recognise(laboratory) {
    const { datasets, notes: faults } = await findDatasets(laboratory);
    const notes = [...faults];
    const claims: Claim[] = [];
    const questions: Question[] = [];
    for (const [folder, own] of groupsOf(datasets, ({ folder }) => folder)) {
      claimFolder(laboratory, { folder, datasets: own, claims, questions, notes });
    }
    claimAround(laboratory, datasets, claims);
    const joins = joinsOfSections(laboratory, new Set(claims.map(({ path }) => path)));
    claims.push(...joins.claims);
    questions.push(...joins.questions);
    const known = new Set([...claims.map(({ path }) => path), ...questions.flatMap(({ files }) => files)]);
    const models = await recogniseModels(laboratory, datasets, known);
    const sections = await serialSections(laboratory, known);
    const pieces = await montages(laboratory, known);
    const signs = [...datasets.map(({ source }) => source), ...joins.by, ...sections.by];
    const asked = models.questions.flatMap(({ files }) => files);
    if (signs.length + models.claims.length + asked.length + pieces.length === 0) return undefined;
    const version = datasets.find((dataset) => dataset.version !== undefined)?.version;
    return {
      software: signs.length === 0 ? "IMOD (models)" : `IMOD${version === undefined ? "" : ` ${version}`} (etomo)`,
      by: (signs.length > 0 ? signs : [...[...models.claims, ...pieces].map(({ path }) => path), ...asked]).slice(0, 3),
      claims: [...claims, ...models.claims, ...sections.claims, ...pieces],
      questions: [...questions, ...models.questions, ...sections.questions],
      notes: [...notes, ...models.notes],
    };
  },
};

interface Folder {
  readonly folder: string;
  readonly datasets: readonly Dataset[];
  readonly claims: Claim[];
  readonly questions: Question[];
  readonly notes: string[];
}

function claimFolder(laboratory: Laboratory, at: Folder): void {
  const { folder, datasets, claims } = at;
  const ownerOf = ownersIn(datasets);
  const owned = new Map<Dataset, OwnFile[]>(datasets.map((dataset) => [dataset, []]));
  const sums: Surveyed[] = [];
  const commands = new Set(datasets.map(({ tilt }) => tilt?.path));
  for (const file of laboratory.inFolder(folder)) {
    const name = baseName(file.path);
    const plain = commands.has(file.path) ? undefined : plainKind(name);
    const owner = ownerOf(file);
    if (owner) owned.get(owner.dataset)!.push(owner);
    else if (isSum(name)) sums.push(file);
    else if (plain !== undefined) claims.push(leftOut(file.path, plain));
  }
  for (const [dataset, files] of owned) {
    const isAlone = datasets.length === 1 || (dataset.isDual && datasets.filter(({ isDual }) => isDual).length === 1);
    claimDataset(laboratory, { ...at, dataset, files, sums: isAlone && dataset.isDual ? sums : [] });
  }
}

interface Own extends Folder {
  readonly dataset: Dataset;
  readonly files: readonly OwnFile[];
  /** `sum.rec`, where it is of this dataset. */
  readonly sums: readonly Surveyed[];
}

function claimDataset(laboratory: Laboratory, own: Own): void {
  const { dataset, files, claims, notes } = own;
  const { run, isDual, source } = dataset;
  const raw = rawStacks(laboratory, dataset);
  const said = `${baseName(source)} names the dataset ${dataset.name}`;
  const trimmed: OwnFile[] = [];
  const untrimmed: OwnFile[] = [];
  const isLocal =
    files.some(({ rest, axis }) => /^local\.xf$/i.test(rest) && axis !== "b") || dataset.tilt?.settings.localFile !== undefined;
  const claim = (file: Surveyed, role: Claim["role"], because: string, details?: Details) =>
    claims.push({ path: file.path, role, run, because, strength: "bookkeeping", ...(details && { details }) });

  for (const one of files) {
    const { file, axis, rest } = one;
    const kind = file.path === dataset.tilt?.path ? "alignment" : kindOf(rest);
    if (kind === undefined) continue;
    if (typeof kind === "object") claim(file, "left out", kind.leftOut);
    else if (kind === "tomogram" && isDual && axis !== "")
      claim(file, "left out", `of axis ${axis} alone: the tomogram of ${run} is made of both`);
    else if (kind === "tomogram") trimmed.push(one);
    else if (kind === "untrimmed") untrimmed.push(one);
    else if (kind === "filtered tomogram") {
      const details: Details = { processing: "filtered", processingSoftware: "IMOD nad_eed_3d", reconstructionSoftware: "IMOD" };
      claim(file, "tomogram", `${said}, and nad_eed_3d filtered its tomogram`, details);
    } else if (axis === "b") claim(file, "left out", `of axis b of ${run}: a run is described by its axis a`);
    else if (kind === "raw stack") {
      if (file.path === raw) claim(file, "tilt series", said, stackDetails(file, dataset, notes));
    } else if (kind === "alignment") claim(file, "alignment", said, alignmentDetails(dataset, isLocal));
    else if (kind === "ctf") claim(file, "ctf", said, { format: "IMOD" });
    else claim(file, kind, said);
  }
  if (dataset.tilt && !files.some(({ file }) => file.path === dataset.tilt!.path)) {
    claim(laboratory.get(dataset.tilt.path)!, "alignment", `it makes the tomogram of ${run}`, alignmentDetails(dataset, isLocal));
  }
  const ofB = files.filter(({ axis }) => axis === "b");
  if (isDual && ofB.length > 0) {
    const stack = ofB.find(({ rest }) => kindOf(rest) === "raw stack");
    const shown = stack === undefined ? "stack" : `stack (${stack.file.path})`;
    notes.push(
      `${run} has two axes: ${shown}, angles and alignment of axis b are not published, and of its tomograms only the one of both axes is.`,
    );
  }
  claimVolumes(laboratory, own, { trimmed, untrimmed, said });
}

/** The raw stack by the name that etomo gives: the extension of the `.edf`, or the usual ones. */
function rawStacks(laboratory: Laboratory, { folder, name, isDual, edf }: Dataset): string | undefined {
  const stem = isDual ? `${name}a` : name;
  const ends = [...(edf?.stackExtension === undefined ? [] : [edf.stackExtension]), "st", "mrc"];
  const exact = ends.map((end) => within(folder, `${stem}.${end}`)).find((path) => laboratory.get(path));
  if (exact !== undefined) return exact;
  const small = ends.map((end) => `${stem}.${end}`.toLowerCase());
  return laboratory.inFolder(folder).find(({ path }) => small.includes(baseName(path).toLowerCase()))?.path;
}

/** Headers of 1 Å are those that nobody set. */
const isUnset = (spacing: number | undefined): boolean => spacing === undefined || Math.abs(spacing - 1) < 1e-4;

function stackDetails({ path, volume }: Surveyed, { edf, source }: Dataset, notes: string[]): Details | undefined {
  const told = edf?.pixelSizeAngstrom;
  const tiltAxisDegrees = edf?.tiltAxisDegrees.a;
  const axis = tiltAxisDegrees === undefined ? undefined : { tiltAxisDegrees };
  const spacing = volume?.spacingsAngstrom[1];
  if (told === undefined || !(told > 0)) return axis;
  if (isUnset(spacing)) return { spacingAngstrom: told, ...axis };
  if (Math.abs(told / spacing! - 1) > 0.02)
    notes.push(
      `${path}: pixels of ${shown(spacing!)} Å by its header, of ${shown(told)} Å by ${baseName(source)}; the header's are taken.`,
    );
  return axis;
}

const shown = (value: number): number => Number(value.toPrecision(5));

function alignmentDetails({ tracking }: Dataset, isLocal: boolean): Details {
  const methodType = tracking === "PatchTracking" ? "patch_tracking" : tracking === undefined ? undefined : "fiducial_based";
  return { format: "IMOD", alignmentType: isLocal ? "LOCAL" : "GLOBAL", methodType };
}

interface Volumes {
  readonly trimmed: readonly OwnFile[];
  readonly untrimmed: readonly OwnFile[];
  readonly said: string;
}

/** The trimmed volume is the tomogram. Where there is none, a person decides about the volume that it would be made of. */
function claimVolumes(
  laboratory: Laboratory,
  { dataset, sums, claims, questions, notes }: Own,
  { trimmed, untrimmed, said }: Volumes,
): void {
  const { run, isDual } = dataset;
  const whole = [...sums, ...(isDual ? [] : untrimmed.map(({ file }) => file))];
  for (const { file } of isDual ? untrimmed : []) claims.push({ ...leftOut(file.path, "untrimmed, and of one axis alone"), run });
  const ready = trimmed.filter(({ file }) => !isAsTiltWrites(file, dataset));
  const raw = trimmed.filter((one) => !ready.includes(one)).map(({ file }) => file);
  for (const { file } of ready) {
    const because = isDual ? `${said}, and it is trimmed from the volume of both axes` : said;
    claims.push({
      path: file.path,
      role: "tomogram",
      run,
      because,
      strength: "bookkeeping",
      details: tomogramDetails(file, dataset),
    });
  }
  if (ready.length > 0) {
    const names = ready.map(({ file }) => baseName(file.path)).join(", ");
    for (const { path } of [...whole, ...raw]) claims.push({ ...leftOut(path, `untrimmed volume: ${names} is made of it`), run });
    return;
  }
  const turned = isDual ? undefined : turnedVolume(laboratory, dataset, [...raw, ...whole]);
  const cut = isDual || turned !== undefined ? undefined : trimmedVolume(laboratory, dataset, [...raw, ...whole]);
  if (turned !== undefined || cut !== undefined) {
    const how =
      turned === undefined ? "has its voxels, with sections along z, and is trimmed" : "is of its size, with sections along z";
    const because = `untrimmed volume: ${baseName((turned ?? cut)!)} ${how}`;
    for (const { path } of [...whole, ...raw]) claims.push({ ...leftOut(path, because), run });
    return;
  }
  const left = [...raw, ...whole];
  if (left.length === 0) {
    if (isDual && claims.some((claim) => claim.run === run && claim.because.startsWith("of axis a alone")))
      notes.push(`${run}: its two axes are not combined to one volume; those of single axes are left out.`);
    return;
  }
  const files = left.map(({ path }) => path);
  const because = `${said}, and nobody trimmed its volume`;
  questions.push({
    id: `imod-untrimmed-${idOf(run)}`,
    text: `Should ${theseFiles(files)} be published as the tomogram of ${run}?`,
    why: "There is no trimmed volume, and the sections of this one may run along y, as IMOD's tilt writes them.",
    files,
    options: [
      {
        answer: "tomogram",
        says: "yes: published as it is",
        claims: left.map((file) => ({
          path: file.path,
          role: "tomogram",
          run,
          because,
          strength: "bookkeeping",
          details: tomogramDetails(file, dataset),
        })),
      },
      {
        answer: "leave-out",
        says: "no: make a trimmed volume first (IMOD: trimvol -rx)",
        claims: files.map((path) => leftOut(path, because)),
      },
    ],
    // with more sections than rows they run along y
    guess: sums.length === 1 && left.length === 1 && !isThinAlongY(left[0]!) ? "tomogram" : "leave-out",
  });
}

/** A volume called after the dataset that has rows where the untrimmed one has sections: somebody turned it with clip, under a name of their own. */
function turnedVolume(laboratory: Laboratory, { folder, name }: Dataset, untrimmed: readonly Surveyed[]): string | undefined {
  const [whole] = untrimmed;
  if (!whole?.volume || untrimmed.length !== 1) return undefined;
  const [sections, rows, columns] = whole.volume.shape;
  const isTurned = ({ path, volume }: Surveyed) =>
    path !== whole.path &&
    baseName(path).toLowerCase().startsWith(name.toLowerCase()) &&
    /\.(?:rec|mrc)$/i.test(path) &&
    volume?.shape.join(" ") === `${rows} ${sections} ${columns}`;
  const found = sections === rows ? [] : laboratory.inFolder(folder).filter(isTurned);
  return found.length === 1 ? found[0]!.path : undefined;
}

/** What trimvol leaves of a width or a length at least: what is less is a crop. */
const TRIMMED_LEAST = 0.75;
/** Words of a binning, a voxel size, or of what was done to a volume to have its sections along z: other words may name another volume. */
const TRIMMED =
  /^(?:[_.\- ](?:full|rec|bin\d+|b\d+|\d+(?:\.\d+)?a(?:px|ng)?|trim(?:med)?|rotx|flip(?:ped|yz)?|turned|final))+\.(?:rec|mrc)$/i;

/** A volume called after the dataset and its binning, `TS_01_bin4.rec`, with rows where the untrimmed one has sections, and a little smaller. */
function trimmedVolume(laboratory: Laboratory, { folder, name }: Dataset, untrimmed: readonly Surveyed[]): string | undefined {
  const [whole] = untrimmed;
  if (!whole?.volume || untrimmed.length !== 1) return undefined;
  const [length, thickness, width] = whole.volume.shape;
  const spacing = whole.volume.spacingsAngstrom[1];
  const isPartOf = (size: number, of: number) => size <= of && size >= TRIMMED_LEAST * of;
  const isTrimmed = ({ path, volume }: Surveyed) => {
    const [begin, rest] = [baseName(path).slice(0, name.length), baseName(path).slice(name.length)];
    const isCalled = begin.toLowerCase() === name.toLowerCase() && TRIMMED.test(rest) && kindOf(rest) === undefined;
    const own = volume?.spacingsAngstrom[1];
    if (!volume || !isCalled || volume.says === "stack" || spacing === undefined || own === undefined) return false;
    const [sections, rows, columns] = volume.shape;
    const isThin = sections < rows && sections <= thickness;
    return isThin && Math.abs(own / spacing - 1) < 0.01 && isPartOf(rows, length) && isPartOf(columns, width);
  };
  return length > thickness ? laboratory.inFolder(folder).find(isTrimmed)?.path : undefined;
}

const isThinAlongY = ({ volume }: Surveyed): boolean => volume !== undefined && volume.shape[0] > volume.shape[1];

/** Rows are as many as the reconstruction is thick, and sections are not: nobody turned it. */
function isAsTiltWrites({ path, volume }: Surveyed, { tilt }: Dataset): boolean {
  const { outputFile, thicknessPixels, imageBinned = 1 } = tilt?.settings ?? {};
  if (!volume || thicknessPixels === undefined || outputFile === undefined) return false;
  if (outputFile.toLowerCase() !== baseName(path).toLowerCase()) return false;
  const thickness = thicknessPixels / imageBinned;
  const [sections, rows] = volume.shape;
  return Math.abs(rows - thickness) <= 1 && Math.abs(sections - thickness) > 1;
}

function tomogramDetails({ volume }: Surveyed, { edf, tilt, tracking }: Dataset): Details {
  const pixel = edf?.pixelSizeAngstrom;
  const { imageBinned, inputProjections } = tilt?.settings ?? {};
  const header = volume?.spacingsAngstrom[1];
  // of a stack whose header has 1 Å a volume has the binning: nobody set that either
  const isOfUnset = isUnset(header) || (imageBinned !== undefined && isUnset(header! / imageBinned));
  const isKnown = isOfUnset && pixel !== undefined && imageBinned !== undefined;
  return {
    processing: "raw",
    reconstructionSoftware: "IMOD",
    ...(isKnown && { spacingAngstrom: pixel * imageBinned }),
    ...(tilt && { reconstructionMethod: "WBP" }),
    ...(inputProjections !== undefined && /ctfcorr/i.test(inputProjections) && { ctfCorrected: true }),
    ...(tracking !== undefined && { fiducial: tracking !== "PatchTracking" }),
  };
}

/** Work folders below datasets, and lists of batchruntomo beside or above them. */
function claimAround(laboratory: Laboratory, datasets: readonly Dataset[], claims: Claim[]): void {
  if (datasets.length === 0) return;
  const above = new Set<string>();
  const own = new Set(datasets.map(({ folder }) => folder));
  for (const folder of own) {
    for (let at = folder; at !== ""; at = folderOf(at)) above.add(folderOf(at));
  }
  for (const folder of laboratory.folders()) {
    const parent = folderOf(folder);
    const reason = own.has(parent) ? workFolder(folder) : undefined;
    if (reason !== undefined) for (const { path } of laboratory.inFolder(folder)) claims.push(leftOut(path, reason));
    if (own.has(folder) || !above.has(folder)) continue;
    for (const { path } of laboratory.inFolder(folder))
      if (/\.(?:ebt|adoc)$|(?:^|\/)batch[^/]*\.(?:log|com)$/i.test(path))
        claims.push(leftOut(path, "a project file of batchruntomo"));
  }
}

function leftOut(path: string, because: string): Claim {
  return { path, role: "left out", because, strength: "bookkeeping" };
}
