import { createHash } from "node:crypto";
import { inMemory } from "../../../core/bytes.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { writeGlb } from "../../../formats/mesh/glb.js";
import { type Mod, readMod } from "../../../formats/mod/read.js";
import { absent, objectName, type Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import { type BatchFile, MANIFEST, type Manifest } from "../collect/manifest.js";
import { foldedName } from "../collect/target-names.js";
import { summariseModel } from "../models/summary.js";
import { chooseSpacing } from "./choose-spacing.js";
import { type Form, type PackagedRun, packageFolder } from "./config-text.js";
import { joinModels, type ModelParts, modelParts } from "./model-parts.js";
import { type PortalTomogram, treeTomograms } from "./tree-tomograms.js";

export interface PackagedFile {
  readonly dest: string;
  readonly sha256: string;
  readonly size: number;
  readonly dataset: string;
  readonly run: string;
  readonly voxel_spacing: string;
  readonly form: Form;
  /** Keys of the batch's files that this file is made of. */
  readonly from: readonly string[];
  readonly points: number;
  readonly oriented_points: number;
}

export interface PackingOptions {
  /** Voxel spacing of all runs, in Å. Default: chosen for each model by `chooseSpacing`. */
  voxelSpacing?: number | undefined;
  /** Number of voxels of the volume that was drawn on that make one of the portal's tomogram, along an axis. Default 1. */
  binning?: number | undefined;
  /** Keys of the batch's files that are left out. */
  leaveOut?: readonly string[] | undefined;
}

export interface Packing {
  batch: Store;
  tree: Store | undefined;
  manifest: Manifest;
  options: PackingOptions;
  errors: ErrorRecord[];
  notes: string[];
  signal: AbortSignal | undefined;
}

export interface MadeFile {
  readonly entry: PackagedFile;
  readonly bytes: Uint8Array;
}

export interface MadeRun {
  readonly packed: PackagedRun;
  readonly files: readonly MadeFile[];
}

const AT_ONCE = 8;

/** Every run of the batch, sorted by dataset and name. Runs that cannot be packaged are errors, and all others are done. */
export async function packRuns(packing: Packing): Promise<MadeRun[]> {
  const { manifest, options, errors } = packing;
  const leaveOut = new Set(options.leaveOut ?? []);
  for (const key of leaveOut) {
    if (manifest.files.some(({ dest }) => dest === key)) continue;
    throw new EmporiumError("USAGE", `--leave-out ${key}: the batch has no such file`, {
      hint: `use a name that ${MANIFEST} lists as dest`,
    });
  }
  const files = manifest.files.filter(({ dest }) => !leaveOut.has(dest));
  const groups = [...groupsOf(files, (file) => keyOf(file.portal_dataset_id, file.portal_run)).values()].sort((a, b) =>
    a[0]!.dest < b[0]!.dest ? -1 : 1,
  );
  const made: (MadeRun | undefined)[] = [];
  await forEachLimited(groups.entries(), AT_ONCE, async ([at, group]) => {
    packing.signal?.throwIfAborted();
    try {
      made[at] = await packRun(group, packing);
    } catch (error) {
      if (packing.signal?.aborted) throw error;
      errors.push(toErrorRecord(asEmporiumError(error)));
    }
  });
  return made.flatMap((run) => run ?? []);
}

interface ReadModel {
  readonly file: BatchFile;
  readonly bytes: Uint8Array;
  readonly mod: Mod;
  readonly parts: ModelParts;
}

async function packRun(group: readonly BatchFile[], packing: Packing): Promise<MadeRun> {
  const { tree, options, notes, signal } = packing;
  const { portal_dataset_id: dataset, portal_run: run } = group[0]!;
  refuseConflicts(group);
  const tomograms =
    tree &&
    (await treeTomograms(tree, {
      dataset,
      run,
      onUnsized: (path, isThere) =>
        notes.push(
          `${path} ${isThere ? "has no size or voxel spacing" : "does not exist"}: models are not compared with this tomogram`,
        ),
      signal,
    }));
  const models: ReadModel[] = [];
  const places = new Map<string, string>();
  let alignment = "";
  for (const file of group) {
    const model = await readModel(file, packing.batch, signal);
    const chosen = chooseSpacing(
      await summariseModel(inMemory(model.bytes, file.dest)),
      file.dest,
      spacingOptions(tomograms, options),
    );
    places.set(chosen.spacing, file.dest);
    if (alignment !== "" && alignment !== chosen.alignment)
      notes.push(
        `${file.dest}: drawn on alignment ${chosen.alignment}, and other models of the run on ${alignment}: the former is taken`,
      );
    alignment = chosen.alignment;
    for (const note of chosen.notes) notes.push(note);
    const mismatch = mismatchNote(file, chosen.spacing, tomograms);
    if (mismatch !== undefined) notes.push(mismatch);
    for (const note of model.parts.notes) notes.push(note);
    models.push(model);
  }
  const [spacing] = places.keys();
  if (places.size > 1) {
    throw new EmporiumError(
      "AMBIGUOUS",
      `${[...places.values()].join(" and ")} are of one run and were drawn at spacings ${[...places.keys()].join(" and ")} Å`,
      {
        hint: "leave one out with --leave-out",
      },
    );
  }
  const files = await filesOf(models, (form) => packageFolder(dataset, run, spacing!, form), {
    dataset,
    run,
    voxel_spacing: spacing!,
  });
  if (files.length === 0)
    throw new EmporiumError("FORMAT_FIELD", `${group[0]!.dest} holds neither points nor slicer angles nor a surface`);
  const forms = new Set(files.map(({ entry }) => entry.form));
  return { packed: { dataset, run, alignment, forms }, files };
}

function spacingOptions(tomograms: readonly PortalTomogram[] | undefined, { voxelSpacing, binning = 1 }: PackingOptions) {
  return { tomograms, voxelSpacing, binning };
}

/** For a spacing that only the model tells: no volume beside it on the drive had its size and pixel. */
function mismatchNote(
  { dest, tomogram }: BatchFile,
  spacing: string,
  tomograms: readonly PortalTomogram[] | undefined,
): string | undefined {
  if (tomograms !== undefined || tomogram.path !== undefined || tomogram.candidates.length === 0) return undefined;
  return `${dest}: taken as voxels of ${spacing} Å, and no volume beside it on the drive has its size and pixel: ${tomogram.reason}; --tree compares it with the portal's tomograms`;
}

/** If a file name has several contents, a person must choose. */
function refuseConflicts(group: readonly BatchFile[]): void {
  for (const conflicting of groupsOf(group, ({ src }) => foldedName(src.slice(src.lastIndexOf("/") + 1))).values()) {
    if (conflicting.length === 1) continue;
    throw new EmporiumError(
      "COLLISION",
      `${conflicting.map(({ dest }) => dest).join(" and ")} are two contents of one file: which is meant?`,
      {
        place: { file: conflicting[0]!.dest },
        hint: `compare them in 3dmod, then --leave-out ${conflicting[0]!.dest}`,
      },
    );
  }
}

async function readModel(file: BatchFile, batch: Store, signal: AbortSignal | undefined): Promise<ReadModel> {
  const bytes = await batch.read(file.dest, undefined, { signal });
  if (!bytes) throw absent(batch, file.dest);
  if (createHash("sha256").update(bytes).digest("hex") !== file.sha256) {
    throw new EmporiumError("CHECKSUM_MISMATCH", `${objectName(batch, file.dest)} is not what was collected`, {
      place: { file: file.dest },
      hint: "collect the batch again",
    });
  }
  const mod = await readMod(inMemory(bytes, file.dest), { meshes: true, signal });
  return { file, bytes, mod, parts: modelParts(mod, file.dest) };
}

/** The model of a run, unchanged or joined of several, and its surfaces. */
async function filesOf(
  models: readonly ReadModel[],
  folder: (form: Form) => string,
  place: Pick<PackagedFile, "dataset" | "run" | "voxel_spacing">,
): Promise<MadeFile[]> {
  const points = models.reduce((sum, { parts }) => sum + parts.points, 0);
  const oriented = models.reduce((sum, { parts }) => sum + parts.slicerAngles, 0);
  const from = models.map(({ file }) => file.dest);
  const name = from[0]!.slice(from[0]!.lastIndexOf("/") + 1);
  const made: MadeFile[] = [];
  const add = (form: Form, file: string, bytes: Uint8Array, counts: { points: number; oriented_points: number }) => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    made.push({ bytes, entry: { dest: `${folder(form)}/${file}`, sha256, size: bytes.length, ...place, form, from, ...counts } });
  };
  if (points > 0 || oriented > 0) {
    const form = oriented === 0 ? "points" : points === 0 ? "oriented" : "both";
    const [only] = models;
    const bytes = models.length === 1 && only!.parts.asItIs ? only!.bytes : joinModels(models);
    add(form, name.replace(/\.mod$/i, ".mod"), bytes, { points, oriented_points: oriented });
  }
  const surfaces = models.flatMap(({ parts }) => parts.surfaces);
  if (surfaces.length > 0)
    add("mesh", `${name.replace(/\.mod$/i, "")}.glb`, await writeGlb(surfaces), { points: 0, oriented_points: 0 });
  return made;
}
