import { groupsOf } from "../../../../../core/groups.js";
import { type ComFile, parseComFile, type TiltCom, tiltCom } from "../../../../../formats/alignment/com-file.js";
import { type EtomoData, parseEdf } from "../../../../../formats/alignment/edf.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { withUnderscores } from "../common/names.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";

/** Axis of a dual-axis series; empty for single-axis series, and for what is made of both axes. */
export type Axis = "" | "a" | "b";

/** A dataset of etomo or batchruntomo: one folder may hold several, by their names. */
export interface Dataset {
  readonly folder: string;
  /** As etomo calls it; names of its files begin with it. */
  readonly name: string;
  /** The name, with a part of its folder where datasets of other folders have the same name. */
  readonly run: string;
  readonly isDual: boolean;
  /** File that says so: an `.edf`, or a command file. */
  readonly source: string;
  readonly edf?: EtomoData | undefined;
  /** Version of etomo that made it. */
  readonly version?: string | undefined;
  /** `tilt.com` of the axis that is submitted, where it is a command file of `tilt`. */
  readonly tilt?: { readonly path: string; readonly settings: TiltCom } | undefined;
  /** How the beads were followed: `Seed`, `PatchTracking`, `Raptor`. */
  readonly tracking?: string | undefined;
}

const TEXT_BYTES_MAX = 1024 * 1024;
const READS_IN_FLIGHT = 16;

/** AreTomo writes its alignment once more for IMOD, RELION and Warp, into a folder of that name. */
const isOfAreTomo = (folder: string): boolean => /_Imod$/i.test(folder);

/** Beginnings of names of a dataset, by which it is seen that its files are called so. */
const OWN_FILES = [
  ".st",
  ".mrc",
  ".rawtlt",
  ".edf",
  ".preali",
  "_preali.mrc",
  ".ali",
  "_ali.mrc",
  ".xf",
  ".tlt",
  ".rec",
  "_rec.mrc",
];

export interface Datasets {
  readonly datasets: readonly Dataset[];
  /** Sentences on files that cannot be read. */
  readonly notes: readonly string[];
}

const known = new WeakMap<Laboratory, Promise<Datasets>>();

/**
 * Datasets by the `.edf` files of etomo and batchruntomo; in folders without one, by a `tilt.com` that runs `tilt`; those of two axes by their names, too.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/tomoguide.html (etomo data files), https://bio3d.colorado.edu/imod/doc/man/tilt.html
 */
export function findDatasets(laboratory: Laboratory): Promise<Datasets> {
  const found = known.get(laboratory) ?? readDatasets(laboratory);
  known.set(laboratory, found);
  return found;
}

async function readDatasets(laboratory: Laboratory): Promise<Datasets> {
  const notes: string[] = [];
  const commands = await tiltCommands(laboratory, notes);
  const texts = laboratory.files.filter(
    ({ path, format, size }) =>
      !isOfAreTomo(folderOf(path)) && /\.edf$/i.test(path) && format === "text" && size <= TEXT_BYTES_MAX,
  );
  const edfs = (await mapLimit(texts, READS_IN_FLIGHT, ({ path }) => readEdf(laboratory, path, notes))).filter(
    (edf) => edf !== undefined,
  );
  const byName = new Map<string, Omit<Dataset, "run" | "tilt">>();
  for (const { path, edf, version, tracking } of edfs) {
    const folder = folderOf(path);
    const name = nameOf(laboratory, path, edf);
    const key = `${folder}\0${name}`;
    const known = byName.get(key);
    const isDual = edf.isDualAxis || known?.isDual === true || hasTwoStacks(laboratory, folder, name);
    byName.set(key, { folder, name, isDual, source: known?.source ?? path, edf: known?.edf ?? edf, version, tracking });
  }
  const withEdf = new Set(edfs.map(({ path }) => folderOf(path)));
  const axisOf = (path: string) => /tilt([ab])\.com$/i.exec(path)?.[1]?.toLowerCase();
  // `tilta.com` says that there are two axes, which a `tilt.com` beside it, such as of an axis that was tried alone, does not
  for (const { path, settings } of [...commands].sort((a, b) => Number(!axisOf(a.path)) - Number(!axisOf(b.path)))) {
    const folder = folderOf(path);
    const name = withEdf.has(folder) ? undefined : nameInCommand(settings);
    if (name === undefined) continue;
    const letter = axisOf(path);
    const isDual = letter !== undefined && name.endsWith(letter) && hasTwoStacks(laboratory, folder, name.slice(0, -1));
    const root = isDual ? name.slice(0, -1) : name;
    const isAxis = /[ab]$/.test(name) && byName.get(`${folder}\0${name.slice(0, -1)}`)?.isDual === true;
    if (isAxis || ![root, `${root}a`].some((stem) => isThere(laboratory, folder, stem))) continue;
    const key = `${folder}\0${root}`;
    if (!byName.has(key)) byName.set(key, { folder, name: root, isDual, source: path });
  }
  for (const dataset of dualByNames(laboratory, new Set([...byName.values()].map(({ folder }) => folder))))
    byName.set(`${dataset.folder}\0${dataset.name}`, dataset);
  const byFolder = groupsOf(commands, ({ path }) => folderOf(path));
  const found = [...byName.values()];
  const runs = distinctNames(found);
  const datasets = found.map((dataset, at) => ({
    ...dataset,
    run: runs[at]!,
    tilt: tiltOf(dataset, byFolder.get(dataset.folder) ?? []),
  }));
  return { datasets, notes };
}

/** What an aligned axis has beside its stack. */
const OF_AXIS = [".rawtlt", ".tlt", ".xf"];

/**
 * Series of two axes of which only the volumes and lists were kept: stacks `BBa` and `BBb`, both with their angles or alignment, no stack `BB`, and a volume of both
 * axes, which is called `BB` or `sum`. @param known folders whose bookkeeping tells of datasets
 */
function dualByNames(laboratory: Laboratory, known: ReadonlySet<string>): Omit<Dataset, "run" | "tilt">[] {
  return laboratory.files.flatMap(({ path, volume }) => {
    const name = /([^/]+)a\.(?:st|mrc)$/i.exec(path)?.[1];
    const folder = folderOf(path);
    if (!volume || name === undefined || known.has(folder) || !hasTwoStacks(laboratory, folder, name)) return [];
    const has = (file: string) => laboratory.get(within(folder, file)) !== undefined;
    const areAligned = ["a", "b"].every((axis) => OF_AXIS.some((end) => has(`${name}${axis}${end}`)));
    const both = [`${name}.rec`, `${name}_rec.mrc`, `${name}_sum_rec.mrc`, "sum.rec"].find(has);
    return areAligned && both !== undefined ? [{ folder, name, isDual: true, source: within(folder, both) }] : [];
  });
}

async function readEdf(laboratory: Laboratory, path: string, notes: string[]) {
  const text = await laboratory.text(path, TEXT_BYTES_MAX);
  // the ESRF's images are called .edf too, and begin with a text
  if (text === undefined || !/^(?:Setup|ProcessTrack|ReconstructionState)\.\S*=/m.test(text)) return undefined;
  const read = await orReason(() => parseEdf(text, path));
  if ("reason" in read) {
    notes.push(`${read.reason}. Its dataset is known by the names of its files alone.`);
    const lines = text.split(/\r\n|\n|\r/).filter((line) => !/ExcludeProjections/.test(line));
    const rest = await orReason(() => parseEdf(lines.join("\n"), path));
    if ("reason" in rest) return undefined;
    return { path, edf: rest.value, ...moreOf(text) };
  }
  return { path, edf: read.value, ...moreOf(text) };
}

function moreOf(text: string): Pick<Dataset, "version" | "tracking"> {
  return {
    version: /^Setup\.Version\.Etomo\.Created=([\d.]+)\s*$/m.exec(text)?.[1],
    tracking: /^Setup\.Track\.A\.TrackMethod=(\w+)/m.exec(text)?.[1],
  };
}

/** The name in the `.edf`, or that of the `.edf` itself where the files were renamed with it. */
function nameOf(laboratory: Laboratory, path: string, { datasetName }: EtomoData): string {
  const folder = folderOf(path);
  const own = baseName(path).replace(/\.edf$/i, "");
  if (datasetName === undefined || /[\\/]/.test(datasetName)) return own;
  const isUsed = [datasetName, `${datasetName}a`].some((stem) => isThere(laboratory, folder, stem));
  return isUsed ? datasetName : own;
}

function isThere(laboratory: Laboratory, folder: string, stem: string): boolean {
  return OWN_FILES.some((end) => laboratory.get(within(folder, `${stem}${end}`)) !== undefined);
}

function hasTwoStacks(laboratory: Laboratory, folder: string, name: string): boolean {
  const hasStack = (stem: string) => [".st", ".mrc"].some((end) => laboratory.get(within(folder, `${stem}${end}`)));
  return hasStack(`${name}a`) && hasStack(`${name}b`) && !laboratory.get(within(folder, `${name}.st`));
}

interface TiltCommand {
  readonly path: string;
  readonly settings: TiltCom;
}

async function tiltCommands(laboratory: Laboratory, notes: string[]): Promise<TiltCommand[]> {
  const files = laboratory.files.filter(
    ({ path, format, size }) =>
      !isOfAreTomo(folderOf(path)) && /(?:^|\/|[_.-])tilt[ab]?\.com$/i.test(path) && format === "text" && size <= TEXT_BYTES_MAX,
  );
  const read = await mapLimit(files, READS_IN_FLIGHT, ({ path }) => readTilt(laboratory, path, notes));
  return read.filter((command) => command !== undefined);
}

async function readTilt(laboratory: Laboratory, path: string, notes: string[]): Promise<TiltCommand | undefined> {
  const text = await laboratory.text(path, TEXT_BYTES_MAX);
  if (text === undefined) return undefined;
  const read = await orReason(() => {
    const command: ComFile = parseComFile(text, path);
    return command.program?.toLowerCase() === "tilt" ? { path, settings: tiltCom(command) } : undefined;
  });
  if ("value" in read) return read.value;
  notes.push(`${read.reason}. The alignment is described without it.`);
  return undefined;
}

function nameInCommand({ tiltFile, inputProjections }: TiltCom): string | undefined {
  const name = tiltFile?.replace(/(?:_fid)?\.tlt$/i, "") ?? inputProjections?.replace(/(?:_ali\.(?:mrc|hdf)|\.ali)$/i, "");
  return name === undefined || /[\\/\s]/.test(name) ? undefined : name;
}

/** The command file of a dataset: the one that names it, or the only one of its folder. */
function tiltOf({ name, isDual }: Pick<Dataset, "name" | "isDual">, commands: readonly TiltCommand[]): TiltCommand | undefined {
  const stem = isDual ? `${name}a` : name;
  const own = commands.filter(({ settings }) => nameInCommand(settings) === stem);
  const plain = own.filter(({ path }) => baseName(path).toLowerCase() === (isDual ? "tilta.com" : "tilt.com"));
  const found = plain.length > 0 ? plain : own;
  return found.length === 1 ? found[0] : undefined;
}

/** A file of a dataset with what follows the beginning of its name. */
export interface OwnFile {
  readonly file: Surveyed;
  readonly dataset: Dataset;
  readonly axis: Axis;
  /** `_full_rec.mrc`, as it is written. */
  readonly rest: string;
}

/** Which dataset of its folder a file is of: that with the longest name that the file's name begins with. */
export function ownersIn(datasets: readonly Dataset[]): (file: Surveyed) => OwnFile | undefined {
  const stems = new Map<string, { dataset: Dataset; axis: Axis }>();
  const lower = new Map<string, { dataset: Dataset; axis: Axis } | undefined>();
  const add = (dataset: Dataset, axis: Axis) => {
    const stem = `${dataset.name}${axis}`;
    const small = stem.toLowerCase();
    // an axis of one dataset may be called like another dataset: the dataset counts
    if (axis === "" || !stems.has(stem)) stems.set(stem, { dataset, axis });
    lower.set(small, lower.has(small) && lower.get(small)?.dataset !== dataset ? undefined : { dataset, axis });
  };
  for (const dataset of datasets) {
    add(dataset, "");
    if (dataset.isDual) for (const axis of ["a", "b"] as const) add(dataset, axis);
  }
  const find = (file: Surveyed, name: string): OwnFile | undefined => {
    for (let cut = name.length; cut > 0; cut--) {
      const rest = name.slice(cut);
      if (!/^(?:$|[._~ (-]|local\.xf$|fid\.xyz$)/i.test(rest)) continue;
      const stem = name.slice(0, cut);
      const owner = stems.get(stem) ?? lower.get(stem.toLowerCase());
      if (owner) return { file, ...owner, rest: withUnderscores(rest) };
    }
    return undefined;
  };
  return (file) => {
    const name = baseName(file.path);
    return find(file, name) ?? (name.includes(" ") ? find(file, withUnderscores(name)) : undefined);
  };
}

/** The dual-axis dataset that a stack is of, by the name of the stack without its extension; undefined for others. */
export async function axesOf(
  laboratory: Laboratory,
): Promise<(stem: string) => { readonly run: string; readonly axis: "a" | "b" } | undefined> {
  const { datasets } = await findDatasets(laboratory);
  const stems = new Map<string, { run: string; axis: "a" | "b" } | undefined>();
  for (const { name, run, isDual } of datasets) {
    if (!isDual) continue;
    for (const axis of ["a", "b"] as const) {
      const stem = `${name}${axis}`;
      // several datasets of one name: nobody can tell
      stems.set(stem, stems.has(stem) ? undefined : { run, axis });
    }
  }
  return (stem) => stems.get(stem);
}
