import type { Triple } from "../../../core/box.js";
import type { Json } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { roundHalfEven, toNumber } from "../../../core/number.js";
import { readMetadata } from "../identifiers.js";
import type { Alignment } from "./alignment-find.js";
import type { PlanContext } from "./context.js";
import { found, type ImportContext } from "./importer.js";
import { firstReadable, type MeasuredVolume, tomogramFinder } from "./tomogram-candidates.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** Sizes that annotations of one voxel spacing are compared with and fitted to. */
export interface AnnotationGeometry {
  /** Voxels `[z, y, x]` of the tomograms at this spacing; undefined where there is none to look at. */
  readonly tomogramShape: Triple | undefined;
  /** Voxels `[z, y, x]` that masks are rescaled to: the aligned volume at this spacing, else the tomogram. */
  readonly alignedShape: Triple | undefined;
}

/** Sizes at a spacing: of the tomogram that this import brings, else of one that is there; and of the alignment's volume. */
export async function geometryOf(
  context: ImportContext,
  spacing: VoxelSpacing,
  alignment: Alignment,
): Promise<AnnotationGeometry> {
  const { candidates, read } = (await found(context, tomogramFinder))!;
  const tomograms = await read(alignment.metadataKey);
  const here = candidates.filter((candidate) => candidate.spacing.name === spacing.name);
  const own = await firstReadable(context, here, tomograms);
  const tomogramShape = own?.volume.shape ?? (await storedShape(context, spacing, alignment.metadataKey));
  const dimension = await dimensionOf(context, alignment, await firstReadable(context, candidates, tomograms));
  const alignedShape = dimension?.map((angstrom) => roundHalfEven(angstrom / spacing.angstrom, 0)) as Triple | undefined;
  return { tomogramShape, alignedShape: alignedShape ?? tomogramShape };
}

/** Å along z, y, x: as configured, as the alignment that is there says, or those of the run's first tomogram. */
async function dimensionOf(
  { target }: PlanContext,
  { configured, metadataKey, origin }: Alignment,
  volume: MeasuredVolume | undefined,
): Promise<Triple | undefined> {
  const given = tripleOf(configured.volume_dimension);
  if (given) return given;
  if (origin === "stored") return tripleOf((await readMetadata(target.store, metadataKey))?.volume_dimension);
  if (volume) return volume.volume.shape.map((voxels) => voxels * volume.angstrom) as unknown as Triple;
  return tripleOf((await readMetadata(target.store, metadataKey))?.volume_dimension);
}

async function storedShape(context: ImportContext, spacing: VoxelSpacing, alignmentPath: string): Promise<Triple | undefined> {
  const stored = await context.stored(context.entity.folder, "tomogram");
  const here = stored.filter(({ key }) => key.startsWith(`${spacing.ancestor.folder}/`));
  const aligned = here.find(({ metadata }) => metadata.alignment_metadata_path === alignmentPath);
  return tripleOf((aligned ?? here[0])?.metadata.size);
}

/** Numbers above 0 of a map with x, y, z, as `[z, y, x]`. */
function tripleOf(value: Json | undefined): Triple | undefined {
  if (!isJsonObject(value)) return undefined;
  const numbers = ["z", "y", "x"].map((axis) => toNumber(value[axis]));
  return numbers.every((number) => number !== undefined && number > 0) ? (numbers as unknown as Triple) : undefined;
}
